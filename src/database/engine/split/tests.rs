//! Splitting of scripts by the rules of two engines.

use super::*;
use crate::database::engine::{mysql, postgres};

#[test]
fn quotes_comments_and_bodies_stay_whole() {
    let text = "-- a; b\nCREATE TABLE \"x;\" (y TEXT DEFAULT E'\\';', z TEXT DEFAULT '\\'); /* ; */\n\
                CREATE FUNCTION f() AS $a$BEGIN x := $$;$$; END$a$;\nSELECT $1;\n-- the end;\n";
    assert_eq!(
        statements(text, postgres::QUOTES),
        [
            "-- a; b\nCREATE TABLE \"x;\" (y TEXT DEFAULT E'\\';', z TEXT DEFAULT '\\')",
            " /* ; */\nCREATE FUNCTION f() AS $a$BEGIN x := $$;$$; END$a$",
            "\nSELECT $1",
        ]
    );
    for label in ["", "a_1: "] {
        let text = format!(
            "DROP TRIGGER `a;\\`;\nCREATE TRIGGER t AFTER INSERT ON `é` FOR EACH ROW {label}BEGIN IF TRUE THEN\nSET @a = ';\\';';\n\
             SET @b = CASE 1 WHEN 1 THEN 2 END;SET @c = 1; END IF; END;\nDROP TABLE x"
        );
        let cut = statements(&text, mysql::QUOTES);
        assert_eq!(cut.len(), 3, "{cut:#?}");
        assert_eq!(cut[0], "DROP TRIGGER `a;\\`");
        assert!(cut[1].ends_with("END IF; END"), "{cut:#?}");
        assert_eq!(cut[2], "\nDROP TABLE x");
    }
}

#[test]
fn a_text_that_ends_within_quotes_ends() {
    for text in ["'", "'\\", "$a$;", "/*;", "\"é", "", "$é", "--"] {
        for quotes in [postgres::QUOTES, mysql::QUOTES] {
            assert!(statements(text, quotes).len() <= 2, "{text}");
        }
    }
}
