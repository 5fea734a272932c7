#!/usr/bin/env python3
"""Adds words to the profiles of a srs4autism directory, like the application in use.

    benches/more_words.py DIRECTORY [WORDS]
"""
import json
import pathlib
import sys

path = pathlib.Path(sys.argv[1]) / "profiles" / "child_profiles.json"
words = int(sys.argv[2]) if len(sys.argv) > 2 else 60_000
profiles = json.loads(path.read_text())
each = -(-words // len(profiles))
for number, profile in enumerate(profiles):
    more = (f"bench {number} {word}" for word in range(each))
    profile["mastered_words"] = ", ".join([*filter(None, [profile.get("mastered_words")]), *more])
path.write_text(json.dumps(profiles, ensure_ascii=False))
