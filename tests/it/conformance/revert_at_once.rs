//! Reverts while another program writes the same rows.

use std::time::Duration;

use super::target::{Backend, Target};
use super::written_back::Wide;
use super::{is_well, on_a_server};

mod postgres {
    super::on_a_server!(Postgres: a_change_that_another_program_commits_meanwhile_is_a_conflict);
}
mod mysql {
    super::on_a_server!(Mysql: a_change_that_another_program_commits_meanwhile_is_a_conflict);
}

fn a_change_that_another_program_commits_meanwhile_is_a_conflict(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target
        .execute("CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u VALUES (1, 1), (2, 1)");
    wide.enables("u");
    let run = wide.during_an_import("UPDATE u SET v = 2");
    let change = match wide.target.backend {
        Backend::Postgres => "UPDATE u SET v = 3 WHERE id = 1; SELECT pg_sleep(4)",
        Backend::Sqlite | Backend::Mysql => {
            "BEGIN; UPDATE u SET v = 3 WHERE id = 1; SELECT SLEEP(4); COMMIT"
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| wide.target.execute(change));
        std::thread::sleep(Duration::from_millis(1500));
        let report = wide.revert(&run, 4);
        assert_eq!(report["status"], "conflict", "{report:#}");
        assert_eq!(report["conflicts"][0]["record_id"], "1", "{report:#}");
    });
    let rows = wide.target.rows("SELECT v FROM u ORDER BY id").concat();
    assert_eq!(rows, ["3", "2"]);
    is_well(&wide.target);
}
