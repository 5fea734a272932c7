//! How values of images are bound to columns of MySQL's types.

use crate::database::engine::Cast;

/// A string or a DOUBLE represents most values exactly, but a number that is compared with either of them may be
/// compared as a DOUBLE: two long keys would be equal. So such a number gets its own type first.
pub(super) fn cast(declared: &str) -> Cast {
    let declared = declared.to_lowercase();
    let name = declared
        .split(['(', ' '])
        .next()
        .unwrap_or(declared.as_str());
    let number = |ty: &str| Cast {
        is_text: true,
        before: "CAST(",
        after: format!(" AS {ty})"),
        ..Cast::default()
    };
    match name {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => {
            number(if declared.contains("unsigned") {
                "UNSIGNED"
            } else {
                "SIGNED"
            })
        }
        "decimal" => {
            let end = declared.find(')').map_or(name.len(), |end| end + 1);
            number(&declared[..end].to_uppercase())
        }
        // Its image has the digits of a number.
        "bit" => Cast {
            is_text: false,
            before: "CAST(CONV(HEX(",
            after: "), 16, 10) AS UNSIGNED)".to_owned(),
            ..Cast::default()
        },
        _ => Cast::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::cast;

    fn around(declared: &str) -> String {
        let cast = cast(declared);
        format!("{}?{}", cast.before, cast.after)
    }

    #[test]
    fn numbers_longer_than_a_double_get_their_type() {
        assert_eq!(
            around("decimal(20,3) unsigned zerofill"),
            "CAST(? AS DECIMAL(20,3))"
        );
        assert_eq!(around("bigint(20) unsigned"), "CAST(? AS UNSIGNED)");
        assert_eq!(around("bigint(20)"), "CAST(? AS SIGNED)");
        assert_eq!(around("bit(64)"), "CAST(CONV(HEX(?), 16, 10) AS UNSIGNED)");
        for declared in ["varchar(9)", "double", "enum('int')", "uuid"] {
            assert_eq!(around(declared), "?");
        }
    }
}
