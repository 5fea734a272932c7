-- Tables of the SRS4Autism database.
--
-- Portable types; what each becomes in SQLite, PostgreSQL and MySQL is the business of the dialects.

-- One child. The id is a text because profiles written before ids existed are known by their name.
CREATE TABLE profiles (
    id                     TEXT PRIMARY KEY,
    name                   TEXT NOT NULL,
    dob                    TEXT,
    gender                 TEXT,
    address                TEXT,
    school                 TEXT,
    neighborhood           TEXT,
    interests              JSON,
    character_roster       JSON,
    verbal_fluency         TEXT,
    passive_language_level TEXT,
    mental_age             REAL,
    raw_input              TEXT,
    extracted_data         JSON,
    created_at             TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at             TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

-- One word a child has mastered.
CREATE TABLE mastered_words (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    word       TEXT NOT NULL,
    language   TEXT NOT NULL,                       -- 'zh' or 'en'
    added_at   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (profile_id, word, language)
);

CREATE INDEX idx_mastered_words_profile_id ON mastered_words (profile_id);
CREATE INDEX idx_mastered_words_language ON mastered_words (language);

-- One point of grammar a child has mastered.
CREATE TABLE mastered_grammar (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id  TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    grammar_uri TEXT NOT NULL,
    added_at    TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (profile_id, grammar_uri)
);

CREATE INDEX idx_mastered_grammar_profile_id ON mastered_grammar (profile_id);

-- One approved flash card; `content` is the card as the application wrote it.
CREATE TABLE approved_cards (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id  TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    card_type   TEXT NOT NULL,
    content     JSON NOT NULL,
    approved_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_approved_cards_profile_id ON approved_cards (profile_id);

-- One message of the chat; `timestamp` is the message's own.
CREATE TABLE chat_messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,                       -- 'user', 'assistant' or 'system'
    content    TEXT NOT NULL,
    timestamp  TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_chat_messages_profile_id ON chat_messages (profile_id);
CREATE INDEX idx_chat_messages_timestamp ON chat_messages (timestamp);
