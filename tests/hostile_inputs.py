#!/usr/bin/env python3
"""Makes directories with hostile files, one per case, and `cases.json`, which states the expected outcome of each.

    tests/hostile_inputs.py DIR

The files belong to the layout `fixtures/layouts/anything`. Standard library only; the same files at every call. For
each case `exit` is the exit code of an import (0: all of it was imported; 3: nothing was), and `rows` how many rows an
import makes, both stated here by what JSON (RFC 8259), JSON Lines and file systems are, not by what accession does.
"""

import gzip
import json
import os
import socket
import sys
from pathlib import Path

OK, BAD = 0, 3
CASES = []


def case(name, exit_code, rows=0, **more):
    """A new directory for a case."""
    CASES.append({"name": name, "exit": exit_code, "rows": rows, **more})
    directory = ROOT / name
    directory.mkdir()
    return directory


def put(directory, path, content):
    if isinstance(content, str):
        content = content.encode()
    path = os.fsencode(directory) + b"/" + (path if isinstance(path, bytes) else os.fsencode(path))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def records(name, exit_code, content, rows=1):
    """A case of one file that is an array."""
    put(case(name, exit_code, rows if exit_code == OK else 0), "records/a.json", content)


def lines(name, exit_code, content, rows=1):
    """A case of one file of JSON Lines."""
    put(case(name, exit_code, rows if exit_code == OK else 0), "lines/a.jsonl", content)


def value(name, exit_code, text):
    """A case of one value, as an element, and the same as a whole document and as a line."""
    text = text.encode() if isinstance(text, str) else text
    directory = case(name, exit_code, 3 if exit_code == OK else 0, faulty_files=3 if exit_code else 0)
    put(directory, "records/a.json", b"[\n" + text + b"\n]")
    put(directory, "documents/a.json", text)
    # A line ends where the value has one, which makes it another fault.
    put(directory, "lines/a.jsonl", text.replace(b"\n", b" ") if exit_code == OK else text)


def encodings():
    text = '[{"name": "Zoë 恐龙"}]'
    for encoding in ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]:
        records("encoding_" + encoding, BAD, text.encode(encoding))
    records("encoding_utf-16-be_with_mark", BAD, b"\xfe\xff" + text.encode("utf-16-be"))
    records("encoding_utf-32-be_with_mark", BAD, b"\0\0\xfe\xff" + text.encode("utf-32-be"))
    records("encoding_latin-1", BAD, '["Zoë"]'.encode("latin-1"))
    records("encoding_gb18030", BAD, text.encode("gb18030"))
    records("encoding_ebcdic", BAD, '["abc"]'.encode("cp500"))
    records("encoding_utf-7", BAD, "+AFs-1+AF0-")
    records("encoding_utf-8_with_mark", OK, b"\xef\xbb\xbf" + text.encode())
    records("mark_twice", BAD, b"\xef\xbb\xbf\xef\xbb\xbf[1]")
    records("mark_alone", BAD, b"\xef\xbb\xbf")
    records("mark_inside", BAD, b"[\xef\xbb\xbf1]")
    records("mark_at_the_end", BAD, b"[1]\xef\xbb\xbf")
    for name, raw in {
        "overlong_slash": b"\xc0\xaf",
        "overlong_nul": b"\xc0\x80",
        "overlong_three_bytes": b"\xe0\x80\xaf",
        "overlong_four_bytes": b"\xf0\x80\x80\xaf",
        "cesu-8": b"\xed\xa0\xbd\xed\xb8\x80",
        "raw_surrogate": b"\xed\xa0\x80",
        "beyond_unicode": b"\xf4\x90\x80\x80",
        "byte_f5": b"\xf5\x80\x80\x80",
        "byte_ff": b"\xff",
        "lone_continuation": b"\x80",
        "cut_character": b"\xe6\x81",
    }.items():
        value("utf-8_" + name, BAD, b'"' + raw + b'"')
        value("utf-8_" + name + "_in_a_name", BAD, b'{"' + raw + b'": 1}')
    value("utf-8_outside_of_texts", BAD, b"\xff")
    records("image", BAD, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    records("gzip_named_json", BAD, gzip.compress(b"[1]", mtime=0))


def texts():
    for name, text in {
        "lone_high_surrogate": r"\ud83d",
        "lone_low_surrogate": r"\ude00",
        "surrogates_reversed": r"\ude00\ud83d",
        "high_surrogate_and_letter": r"\ud83d\u0041",
        "two_high_surrogates": r"\ud83d\ud83d\ude00",
        "short_escape": r"\u00",
        "escape_no_hex": r"\uZZZZ",
        "escape_x": r"\x41",
        "escape_apostrophe": r"\'",
        "escape_octal": r"\0",
        "escape_line_end": "\\\n",
        "escaped_nul": r"a\u0000b",
        "raw_nul": "a\0b",
        "raw_tab": "a\tb",
        "raw_line_end": "a\nb",
        "raw_escape": "a\x1b[31mb",
        "raw_unit_separator": "a\x1fb",
    }.items():
        value("text_" + name, BAD, f'"{text}"')
    for name, text in {
        "surrogate_pair": r"\ud83d\ude00",
        "escaped_slash": r"\/",
        "noncharacter": r"\uffff\ufdd0",
        "escaped_controls": r"\u001b[2J\u0007\b\f\r\n\t\u007f",
        "delete": "\x7f",
        "next_line": "\x85\x9b31m",
        "line_separator": "\u2028\u2029",
        "mark_inside": "\ufeff",
        "direction_override": "\u202egpj.exe",
        "combining_marks": "e" + "\u0301" * 1000,
        "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
        "sql": "'; DROP TABLE items; --",
        "format": "%s%n%x{}{0}\\\\0$(id)`id`",
        "empty": "",
    }.items():
        value("text_" + name, OK, f'"{text}"')
    value("text_not_closed", BAD, '"abc')
    value("text_apostrophes", BAD, "'abc'")
    value("text_curly_quotes", BAD, "“abc”")


def numbers():
    for name, text in {
        "minus_zero": "-0",
        "minus_zero_point_zero": "-0.0",
        "exponent_plus": "1E+2",
        "exponent_zeros": "1e0000000000000000000000000000001",
        "beyond_binary64": "1e400",
        "below_binary64": "1e-400",
        "huge_exponent": "1e999999999999999999999",
        "hundred_digits": "1234567890" * 10,
        "hundred_decimals": "0." + "1234567890" * 10,
        "u64_and_one": "18446744073709551616",
        "i64_less_one": "-9223372036854775809",
        "two_to_the_53_and_one": "9007199254740993",
        "hundred_thousand_digits": "7" * 100_000,
    }.items():
        value("number_" + name, OK, text)
    for name, text in {
        "leading_zero": "0123",
        "minus_leading_zero": "-01",
        "plus": "+1",
        "no_whole_part": ".5",
        "no_decimals": "1.",
        "no_exponent": "1e",
        "no_exponent_digits": "1e+",
        "minus_alone": "-",
        "two_minus": "--1",
        "hexadecimal": "0x10",
        "underscore": "1_000",
        "decimal_comma": "1,5,",
        "full_width": "１２",
        "nan": "NaN",
        "infinity": "Infinity",
        "minus_infinity": "-Infinity",
        "big_integer": "1n",
        "two_points": "1.2.3",
    }.items():
        value("number_" + name, BAD, text)


def structure():
    for name, text in {
        "true_in_capitals": "True",
        "none": "None",
        "undefined": "undefined",
        "cut_null": "nul",
        "two_literals": "truefalse",
        "trailing_comma_in_array": "[1,]",
        "trailing_comma_in_object": '{"a": 1,}',
        "leading_comma": "[,1]",
        "two_commas": "[1,,2]",
        "only_a_comma": "[,]",
        "missing_comma": "[1 2]",
        "missing_comma_in_object": '{"a": 1 "b": 2}',
        "missing_colon": '{"a" 1}',
        "two_colons": '{"a":: 1}',
        "missing_value": '{"a":}',
        "missing_name": "{: 1}",
        "name_without_value": '{"a"}',
        "name_a_number": "{1: 1}",
        "name_null": "{null: 1}",
        "name_without_quotes": "{a: 1}",
        "name_in_apostrophes": "{'a': 1}",
        "equals_sign": '{"a" = 1}',
        "brackets_crossed": '{"a": [1}',
        "not_closed_array": "[1",
        "not_closed_object": '{"a": 1',
        "comment_slashes": "1 // one",
        "comment_stars": "/* one */ 1",
        "comment_hash": "# one\n1",
        "two_values": "1 2",
        "two_arrays": "[1][2]",
        "semicolon": "1;",
        "form_feed": "\f1",
        "vertical_tab": "\v1",
        "no-break_space": "\u00a01",
        "text_concatenated": '"a" "b"',
        "html": "<!DOCTYPE html><title>502</title>",
        "php_warning": '<br />\n<b>Warning</b>: x in y\n{"a": 1}',
        "template": "{{ value }}",
        "regular_expression": "/a/",
        "single_bracket": "[",
        "single_brace": "{",
        "only_a_quote": '"',
        "only_a_backslash": "\\",
    }.items():
        value("structure_" + name, BAD, text)
    for name, content in {
        "empty": "",
        "only_spaces": "  \n\t\r\n ",
        "only_line_ends": "\n" * 100,
        "zeros": b"\0" * 4096,
        "zeros_behind": b"[1]" + b"\0" * 4096,
        "closed_twice": "[1]]",
        "closed_wrongly": "[1}",
        "two_documents": "[1]\n[2]\n",
        "lines_named_json": '{"a": 1}\n{"a": 2}\n',
        "jsonp": "callback([1]);",
        "against_hijacking": ")]}',\n[1]",
        "text_behind": "[1] and more",
        "cut_by_half": '[{"a": 1}, {"a": 2}, {"a"',
        "merge_conflict": "[\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> theirs\n]",
        "written_over": '[{"a": 1}]"a": 2}]',
    }.items():
        records("file_" + name, BAD, content)
    for name, content in {"null": "null", "number": "1", "text": '"a"', "boolean": "true", "object": '{"0": 1}'}.items():
        records("root_" + name, BAD, content)
    records("root_empty_array", OK, "[]", rows=0)
    records("spaces_everywhere", OK, " \r\n\t[ \n{ \"a\" :\t1 } \r, 2 ] \n", rows=2)


def duplicates():
    for name, text in {
        "plain": '{"a": 1, "a": 2}',
        "equal": '{"a": 1, "a": 1}',
        "escaped": r'{"a": 1, "\u0061": 2}',
        "escaped_in_two_ways": r'{"\u00e4": 1, "\u00E4": 2}',
        "slash": r'{"a/b": 1, "a\/b": 2}',
        "empty": '{"": 1, "": 2}',
        "inside": '{"a": [{"b": {"c": 1, "d": 2, "c": 3}}]}',
        "third": '{"a": 1, "b": 2, "c": 3, "b": 4}',
        "surrogates": r'{"😀": 1, "\ud83d\ude00": 2}',
    }.items():
        value("duplicate_" + name, BAD, text)
    value("duplicate_of_20_000", BAD, "{" + "".join(f'"m{n}": {n}, ' for n in range(20_000)) + '"m77": 0}')
    value("names_alike", OK, '{"a": 1, "A": 2, "\u00e4": 3, "a\u0308": 4, " a": 5, "a ": 6}')
    value("names_like_pointers", OK, '{"": 1, "/": 2, "~": 3, "~0": 4, "~1": 5, "a/b": 6, "/0": 7, "0": 8, "-": 9}')
    value("names_of_programs", OK, '{"__proto__": 1, "constructor": {"prototype": 2}, "$ref": "#", "$blob": "00", "$schema": 1}')
    private = "$serde_json::private::"
    value("names_of_our_parser", OK, f'{{"{private}Number": "7", "b": {{"{private}RawValue": "[1]"}}}}')
    value("name_of_numbers_escaped", OK, f'{{"{private}Number": "x"}}'.replace("$", r"\u0024"))


def depth():
    for levels, exit_code in [(100, OK), (1_000, BAD), (100_000, BAD)]:
        value(f"depth_{levels}_arrays", exit_code, "[" * levels + "]" * levels)
        value(f"depth_{levels}_objects", exit_code, '{"a":' * levels + "1" + "}" * levels)
    value("depth_not_closed", BAD, "[" * 100_000)
    value("depth_not_closed_objects", BAD, '{"a":' * 100_000)
    records("depth_in_the_second_element", BAD, "[1, " + "[" * 500 + "]" * 500 + "]")


def sizes():
    value("size_text_20_mb", OK, '"' + "x" * 20_000_000 + '"')
    value("size_escapes_6_mb", OK, '"' + r"\u732b" * 1_000_000 + '"')
    value("size_name_5_mb", OK, '{"' + "n" * 5_000_000 + '": 1}')
    value("size_name_5_mb_at_fault", BAD, '{"' + "n" * 5_000_000 + '": tru}')
    value("size_20_000_members", OK, "{" + ", ".join(f'"m{n}": {n}' for n in range(20_000)) + "}")
    value("size_100_000_elements", OK, "[" + ", ".join(["{}"] * 100_000) + "]")
    records("size_10_000_records", OK, "[" + ",".join(["[]"] * 10_000) + "]", rows=10_000)
    records("size_spaces_30_mb", OK, "[" + " " * 15_000_000 + "1" + "\n" * 15_000_000 + "]")
    lines("size_20_000_bad_lines", BAD, '{"a": }\n' * 20_000)
    records("size_fault_at_the_end", BAD, "[" + '{"a": "bcdefghij"},' * 60_000 + "}]")
    # Holes take no room on the disk.
    directory = case("size_hole_2_gb", BAD)
    put(directory, "records/a.json", "")
    os.truncate(directory / "records/a.json", 2**31 + 1)
    for path in ["records/a.json", "documents/a.json", "lines/a.jsonl"]:
        name = "size_record_too_long_" + path.split("/")[0]
        directory = case(name, BAD)
        put(directory, path, '["')
        os.truncate(directory / path, 300 * 2**20)


def json_lines():
    lines("lines_crlf", OK, '{"a": 1}\r\n{"a": 2}\r\n', rows=2)
    lines("lines_no_last_line_end", OK, "1\n2", rows=2)
    lines("lines_blank", OK, "\n1\n\n  \t\r\n2\n\n", rows=2)
    lines("lines_with_mark", OK, b"\xef\xbb\xbf1\n2\n", rows=2)
    lines("lines_arrays", OK, "[1, 2]\n[]\n", rows=2)
    lines("lines_one", OK, '"a"', rows=1)
    lines("lines_empty_file", OK, "", rows=0)
    lines("lines_bad_one", BAD, '{"a": 1}\nnot json\n{"a": 2}\n')
    lines("lines_cut", BAD, '{"a": 1}\n{"a": "b')
    lines("lines_two_values", BAD, "1 2\n")
    lines("lines_with_commas", BAD, "1,\n2,\n")
    lines("lines_in_brackets", BAD, "[\n1\n]\n")
    lines("lines_cr_only", BAD, "1\r2\r3")
    lines("lines_pretty", BAD, '{\n  "a": 1\n}\n')
    lines("lines_zeros", BAD, b"1\n\0\0\0\n2\n")
    lines("lines_utf-16", BAD, "1\n2\n".encode("utf-16"))
    lines("lines_line_separator", BAD, "1\u20282")
    lines("lines_text_with_line_separator", OK, '"a\u2028b"\n2', rows=2)
    lines("lines_separators_of_records", BAD, "\x1e1\n\x1e2\n")


def truncations():
    whole = '[{"a": "b\\u0041\\n恐", "n": -1.5e+3, "l": [true, null], "o": {}}, "x"]'.encode()
    directory = case("truncated_everywhere", BAD, faulty_files=len(whole))
    for length in range(len(whole)):
        put(directory, f"records/{length:03}.json", whole[:length])
    whole = b'{"a": "b\\u0041", "n": 10, "l": [false, {}]}'
    directory = case("truncated_everywhere_document", BAD, faulty_files=len(whole))
    for length in range(len(whole)):
        put(directory, f"documents/{length:03}.json", whole[:length])
    whole = b'{"a":1}\n{"b":[2]}'
    # A file of lines is whole wherever a line is.
    sound = {0, 7, 8, 17}
    directory = case("truncated_everywhere_lines", BAD, faulty_files=len(whole) - 3)
    for length in range(len(whole)):
        if length not in sound or length == 8:
            put(directory, f"lines/{length:03}.jsonl", whole[:length])
    CASES[-1]["faulty_files"] = len([n for n in range(len(whole)) if n not in sound])


def names():
    """One file each, with a name that is hard to print, to sort or to write down."""
    good = {
        "line_end": "a\nerror: b",
        "tab": "a\tb",
        "escape_sequence": "\x1b[31ma\x1b[2J\x1b]0;title\x07",
        "c1_control": "a\x9b31mb",
        "carriage_return": "a\rb",
        "delete": "a\x7f",
        "dots": "...",
        "one_dot": ".",
        "dash": "-rf",
        "trailing_space": "a ",
        "leading_space": " a",
        "only_space": " ",
        "direction_override": "a\u202enosj",
        "zero_width": "a\u200bb",
        "line_separator": "a\u2028b",
        "mark": "\ufeffa",
        "quotes": "\"'`",
        "backslash": "a\\b",
        "percent": "%2e%2e%2f%00%n%s",
        "star": "*?[a]{b}",
        "sql": "'; DROP TABLE items; --",
        "shell": "$(id);`id`&|>",
        "place": "a:1:1",
        "number_sign": "a#3",
        "emoji": "👩‍👧",
        "long": "x" * 250,
        "long_wide": "恐" * 83,
    }
    for name, stem in good.items():
        put(case("name_" + name, OK, 1), f"records/{stem}.json", "[1]")
        put(case(f"name_{name}_at_fault", BAD), f"records/{stem}.json", "[1")
    put(case("name_not_utf-8", BAD), b"records/a\xff\xfe.json", "[1]")
    put(case("name_raw_surrogate", BAD), b"records/a\xed\xa0\x80.json", "[1]")
    directory = case("name_twins_by_case", OK, 2)
    put(directory, "records/A.json", "[1]")
    put(directory, "records/a.json", "[2]")
    directory = case("name_twins_by_normal_form", OK, 2)
    put(directory, "records/\u00e4.json", "[1]")
    put(directory, "records/a\u0308.json", "[2]")
    directory = case("name_of_other_kinds", OK, 1)
    for name in ["a.JSON", "a.json.bak", "a.json~", ".a.json.swp", "a.json.tmp", "json", "a.jsonx", "a.geojson"]:
        put(directory, "records/" + name, "[7]")
    put(directory, "records/a.json", "[1]")
    directory = case("name_hostile_directory", OK, 1)
    put(directory, "\x1b[2J\n/b.json", "[7]")
    put(directory, "records/a.json", "[1]")


def file_system():
    directory = case("directory_named_json", BAD)
    (directory / "records/a.json").mkdir(parents=True)
    directory = case("directory_empty", BAD)
    directory = case("directory_deep", OK, 1)
    put(directory, "/".join(["d"] * 200) + "/a.txt", "")
    put(directory, "records/a.json", "[1]")
    directory = case("directory_not_readable", BAD)
    put(directory, "records/a.json", "[1]")
    (directory / "records").chmod(0)
    directory = case("file_not_readable", BAD)
    put(directory, "records/a.json", "[1]")
    (directory / "records/a.json").chmod(0)
    directory = case("pipe", BAD)
    (directory / "records").mkdir()
    os.mkfifo(directory / "records/a.json")
    directory = case("socket", BAD)
    (directory / "records").mkdir()
    # The path of a socket is short.
    here = os.getcwd()
    os.chdir(directory / "records")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("a.json")
    os.chdir(here)
    directory = case("many_files", OK, 3000)
    for number in range(3000):
        put(directory, f"records/{number}.json", "[1]")
    directory = case("hard_links", OK, 2)
    put(directory, "records/a.json", "[1]")
    os.link(directory / "records/a.json", directory / "records/b.json")

    links = {
        "link_to_itself": (BAD, "a.json"),
        "link_to_nothing": (BAD, "nothing.json"),
        "link_to_its_directory": (BAD, "."),
        "link_out": (BAD, "/etc/hostname"),
        "link_to_zeros": (BAD, "/dev/zero"),
        "link_to_terminal": (BAD, "/dev/tty"),
        "link_far_up": (BAD, "../" * 100 + "etc/hostname"),
    }
    for name, (exit_code, target) in links.items():
        directory = case(name, exit_code)
        (directory / "records").mkdir()
        os.symlink(target, directory / "records/a.json")
    directory = case("link_inside", OK, 2)
    put(directory, "records/a.json", "[1]")
    os.symlink("a.json", directory / "records/b.json")
    directory = case("link_between_directories", OK, 1)
    put(directory, "records/a.json", "[1]")
    (directory / "x").mkdir()
    os.symlink("../x", directory / "x/back")
    os.symlink("../y", directory / "x/y")
    os.symlink("x", directory / "y")
    directory = case("link_chain", OK, 2)
    put(directory, "records/a.json", "[1]")
    for number in range(30):
        target = "records/a.json" if number == 0 else f"c{number - 1}"
        os.symlink(target, directory / f"c{number}")
    os.symlink("../c29", directory / "records/b.json")


def compressed():
    """Whether compressed files are read depends on their name; either way the outcome must be reported."""
    bomb = gzip.compress(gzip.compress(b"[" + b" " * 50_000_000 + b"1]", mtime=0), mtime=0)
    once = gzip.compress(b"[" + b" " * 100_000_000 + b"1]", mtime=0)
    sound = gzip.compress(b"[1, 2]", mtime=0)
    for name, content in {
        "gzip_sound": sound,
        "gzip_two_members": sound + gzip.compress(b"", mtime=0),
        "gzip_bomb": once,
        "gzip_bomb_in_bomb": bomb,
        "gzip_cut": sound[:-6],
        "gzip_damaged": sound[:12] + b"\xff\xff" + sound[14:],
        "gzip_not_at_all": b"[1, 2]",
        "gzip_empty": b"",
        "gzip_garbage_behind": sound + b"garbage",
    }.items():
        put(case(name, None), "records/a.json.gz", content)


def main():
    for make in [
        encodings, texts, numbers, structure, duplicates, depth, sizes, json_lines, truncations, names, file_system,
        compressed,
    ]:
        make()
    (ROOT / "cases.json").write_text(json.dumps(CASES, indent=1))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    ROOT = Path(sys.argv[1])
    ROOT.mkdir(parents=True, exist_ok=True)
    main()
