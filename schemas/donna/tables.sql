-- Tables of the Donna database.
--
-- Portable types; what each becomes in SQLite, PostgreSQL and MySQL is the business of the dialects.

-- One user. The id in the files is a PHP `uniqid`; the UUID made of it is the same in every import.
CREATE TABLE users (
    id             UUID PRIMARY KEY,
    clerk_id       VARCHAR(255) UNIQUE,
    email          VARCHAR(255),
    name           VARCHAR(255),
    profile        JSON DEFAULT '{}',
    preferences    JSON DEFAULT '{}',
    created_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    last_active_at TIMESTAMP WITH TIME ZONE,
    status         VARCHAR(50) DEFAULT 'active'
);

CREATE INDEX idx_users_email ON users (email);
CREATE INDEX idx_users_status ON users (status);

-- One conversation; user_id is NULL for visitors who were not signed in.
CREATE TABLE chat_sessions (
    id              UUID PRIMARY KEY,
    chat_id         VARCHAR(255) UNIQUE NOT NULL,
    user_id         UUID REFERENCES users (id) ON DELETE SET NULL,
    title           VARCHAR(255),
    profile         VARCHAR(50) DEFAULT 'general',
    metadata        JSON,
    created_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    last_message_at TIMESTAMP WITH TIME ZONE,
    message_count   INTEGER DEFAULT 0,
    status          VARCHAR(50) DEFAULT 'active'
);

CREATE INDEX idx_chat_sessions_user_id ON chat_sessions (user_id);
CREATE INDEX idx_chat_sessions_user_id_last_message_at ON chat_sessions (user_id, last_message_at DESC);
CREATE INDEX idx_chat_sessions_status ON chat_sessions (status);

-- One message of a conversation.
CREATE TABLE messages (
    id              UUID PRIMARY KEY,
    chat_session_id UUID NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    role            VARCHAR(50) NOT NULL,
    content         TEXT NOT NULL,
    metadata        JSON DEFAULT '{}',
    created_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    sequence_number INTEGER NOT NULL,
    token_count     INTEGER,
    abuse_flagged   BOOLEAN DEFAULT FALSE
);

CREATE INDEX idx_messages_chat_session_id ON messages (chat_session_id);
CREATE INDEX idx_messages_chat_session_id_sequence_number ON messages (chat_session_id, sequence_number);
CREATE INDEX idx_messages_chat_session_id_created_at ON messages (chat_session_id, created_at DESC);
CREATE INDEX idx_messages_role ON messages (role);
CREATE INDEX idx_messages_created_at ON messages (created_at);
CREATE INDEX idx_messages_abuse_flagged ON messages (abuse_flagged);

-- One thing remembered of a user. What has expired is kept, with the time at which it did.
CREATE TABLE user_memory (
    id          UUID PRIMARY KEY,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    memory_type VARCHAR(100) NOT NULL,
    key         VARCHAR(255) NOT NULL,
    value       JSON NOT NULL,
    created_at  TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at  TIMESTAMP WITH TIME ZONE DEFAULT now(),
    expires_at  TIMESTAMP WITH TIME ZONE,
    UNIQUE (user_id, memory_type, key)
);

CREATE INDEX idx_user_memory_user_id ON user_memory (user_id);
CREATE INDEX idx_user_memory_expires_at ON user_memory (expires_at);

-- One line of a log.
CREATE TABLE system_logs (
    id          UUID PRIMARY KEY,
    level       VARCHAR(20),
    message     TEXT,
    context     JSON,
    trace_id    VARCHAR(255),
    ip_address  TEXT,
    user_agent  TEXT,
    request_uri TEXT,
    created_at  TIMESTAMP WITH TIME ZONE DEFAULT now()
);

CREATE INDEX idx_system_logs_level ON system_logs (level);
CREATE INDEX idx_system_logs_trace_id ON system_logs (trace_id);
CREATE INDEX idx_system_logs_created_at ON system_logs (created_at);
