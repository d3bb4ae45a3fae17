//! F61: the file is not a file of ours, or the folder is not a folder to write to.

use std::fs;
use std::path::Path;

use super::super::folder::Folder;
use super::{assert_equation, open, options, push, set_aside, waiting};
use crate::live::queue::{EventQueue as _, QueueError, SqliteQueue};

const EVENTS: u64 = 40;

/// What is done to the file of a closed queue, and how many of its events have to be found then.
struct Case {
    name: &'static str,
    spoil: fn(&Path),
    found: std::ops::RangeInclusive<u64>,
    /// Whether it is known how many there were.
    counted: bool,
}

const CASES: &[Case] = &[
    Case {
        name: "empty",
        spoil: |file| fs::write(file, "").expect("it can be written"),
        found: 0..=0,
        counted: false,
    },
    Case {
        name: "not a database",
        spoil: |file| fs::write(file, "x".repeat(9_000)).expect("it can be written"),
        found: 0..=0,
        counted: false,
    },
    Case {
        name: "a database of somebody else",
        spoil: |file| {
            fs::remove_file(file).expect("it was there");
            let db = rusqlite::Connection::open(file).expect("it can be made");
            db.execute_batch("CREATE TABLE waiting (a); PRAGMA user_version = 7")
                .expect("SQL");
        },
        found: 0..=0,
        counted: false,
    },
    Case {
        name: "of another version",
        spoil: |file| {
            let db = rusqlite::Connection::open(file).expect("nobody has it");
            db.pragma_update(None, "user_version", 9).expect("SQL");
        },
        found: EVENTS..=EVENTS,
        counted: true,
    },
    Case {
        name: "with a damaged name in its layout",
        spoil: |file| {
            let mut bytes = fs::read(file).expect("it is there");
            let name = b"received_at INTEGER";
            for at in 0..4_096 {
                if bytes[at..].starts_with(name) {
                    bytes[at] ^= 1;
                }
            }
            fs::write(file, bytes).expect("it can be written");
        },
        found: EVENTS..=EVENTS,
        counted: true,
    },
    Case {
        name: "with a name in its layout that is no text, and no number in that column",
        spoil: |file| {
            let mut bytes = fs::read(file).expect("it is there");
            let column = b"\n        seq INTEGER PRIMARY KEY";
            for at in 0..4_096 {
                if bytes[at..].starts_with(column) {
                    bytes[at] ^= 0x80;
                }
            }
            fs::write(file, bytes).expect("it can be written");
        },
        found: EVENTS..=EVENTS,
        counted: true,
    },
    Case {
        name: "without its end",
        spoil: |file| {
            let length = fs::metadata(file).expect("it is there").len();
            let opened = fs::File::options()
                .write(true)
                .open(file)
                .expect("it is ours");
            opened.set_len(length - 3 * 4_096).expect("it can be cut");
        },
        found: 1..=EVENTS - 1,
        counted: true,
    },
    Case {
        name: "with a page of zeros",
        spoil: |file| {
            let mut bytes = fs::read(file).expect("it is there");
            let length = bytes.len();
            bytes[length - 2 * 4_096..length - 4_096].fill(0);
            fs::write(file, bytes).expect("it can be written");
        },
        found: 1..=EVENTS - 1,
        counted: true,
    },
    Case {
        name: "not to be read",
        spoil: |file| {
            fs::remove_file(file).expect("it was there");
            fs::create_dir(file).expect("a folder in its place");
        },
        found: 0..=0,
        counted: false,
    },
    Case {
        name: "gone, but for its log",
        spoil: |file| {
            let log = file.with_file_name("queue.db-wal");
            fs::rename(file, log).expect("it was there");
        },
        found: 0..=0,
        counted: false,
    },
];

#[tokio::test]
async fn f61_a_file_that_is_no_good_is_set_aside_and_what_can_be_read_goes_on() {
    for case in CASES {
        let name = case.name;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let queue = open(folder.path()).await;
        for id in 0..EVENTS {
            push(&queue, id).await;
        }
        queue.close().await;
        (case.spoil)(&folder.path().join("queue.db"));

        let queue = open(folder.path()).await;
        let found = waiting(&queue).await.len() as u64;
        assert!(case.found.contains(&found), "{name}: {found} found");
        let counts = queue.counts();
        assert_equation(counts);
        let accepted = if case.counted { EVENTS } else { found };
        assert_eq!(counts.accepted, accepted, "{name}: {counts:?}");
        assert!(
            !set_aside(folder.path()).is_empty(),
            "{name}: the evidence is kept"
        );
        push(&queue, 1_000).await;
        queue.close().await;

        let queue = open(folder.path()).await;
        assert_eq!(
            waiting(&queue).await.len() as u64,
            found + 1,
            "{name}: it goes on"
        );
        assert_eq!(queue.counts().damaged, 0, "{name}: and is sound now");
    }
}

#[tokio::test]
async fn f61_damage_that_shows_while_the_queue_runs_is_survived_without_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    for id in 0..EVENTS {
        push(&queue, id).await;
    }
    super::sql(&queue, "PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await;
    super::sql(&queue, "PRAGMA cache_size = 0".to_owned()).await;
    let file = folder.path().join("queue.db");
    let mut bytes = fs::read(&file).expect("it is there");
    let length = bytes.len();
    bytes[length - 2 * 4_096..length - 4_096].fill(0xff);
    fs::write(&file, bytes).expect("it can be written");
    super::reach(&queue, |worker| worker.forget_cached_pages()).await;

    let found = waiting(&queue).await.len() as u64;
    assert!((1..EVENTS).contains(&found), "{found} found");
    let counts = queue.counts();
    assert_eq!((counts.accepted, counts.pending), (EVENTS, found));
    assert_eq!(counts.dead, EVENTS - found);
    assert_equation(counts);
    assert_eq!(set_aside(folder.path()).len(), 2, "the file and its log");
    push(&queue, 1_000).await;
}

#[tokio::test]
async fn f61_a_file_of_which_nothing_is_left_does_not_make_numbers_come_twice() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    for id in 0..EVENTS {
        push(&queue, id).await;
    }
    super::sql(&queue, "PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await;
    super::sql(&queue, "PRAGMA cache_size = 0".to_owned()).await;
    let file = folder.path().join("queue.db");
    let length = fs::read(&file).expect("it is there").len();
    fs::write(&file, vec![0xff; length]).expect("it can be written");
    super::reach(&queue, |worker| worker.forget_cached_pages()).await;

    assert_eq!(waiting(&queue).await.len(), 0);
    // Whoever handles an event of before must not end this one, nor take it for one it knows.
    assert!(push(&queue, 1_000).await > EVENTS);
    let known = queue.load(EVENTS, 10, 1_000).await;
    assert_eq!(known.expect("it can be read").len(), 1);
}

#[tokio::test]
async fn f61_a_place_where_no_folder_can_be_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("it can be written");
    let opened = SqliteQueue::open(file.join("state"), options()).await;
    assert!(
        matches!(opened, Err(QueueError::NotWritable(_))),
        "{opened:?}"
    );
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use super::*;

    const FOLDER: &str = "OCEAN_TEST_QUEUE_READ_ONLY";
    /// Nobody, in every Unix.
    const NOBODY: u32 = 65_534;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    #[tokio::test]
    async fn only_the_owner_may_read_what_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = folder.path().join("new").join("state");
        let queue = open(&folder).await;
        push(&queue, 1).await;
        assert_eq!(mode(&folder), 0o700);
        let files: Vec<_> = fs::read_dir(&folder).expect("it is there").collect();
        assert!(files.len() >= 4, "{files:?}");
        for file in files {
            let path = file.expect("it can be listed").path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }

    /// Root may write everywhere, so this opens the folder as somebody else.
    #[tokio::test]
    async fn f61_a_folder_that_may_not_be_written_to_says_so() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let state = folder.path().join("state");
        let queue = open(&state).await;
        push(&queue, 1).await;
        queue.close().await;
        let program = folder.path().join("program");
        fs::copy(std::env::current_exe().expect("it runs"), &program).expect("it can be copied");
        for path in [folder.path(), &state, &program] {
            set_mode(path, 0o555);
        }
        set_mode(&state.join("queue.lock"), 0o666);

        let is_root = fs::write(state.join("probe"), "").is_ok();
        let test = concat!(module_path!(), "::says_what_opening_says");
        let mut child = Command::new(&program);
        child
            .args([
                "--ignored",
                "--exact",
                test.split_once("::").expect("a crate").1,
            ])
            .env(FOLDER, &state)
            .current_dir(folder.path())
            .stdout(Stdio::null());
        if is_root {
            child.uid(NOBODY).gid(NOBODY);
        }
        let status = child.status().expect("it can be started");
        for path in [folder.path(), &state] {
            set_mode(path, 0o700);
        }
        assert!(status.success(), "{status}");
        assert_eq!(
            waiting(&open(&state).await).await,
            [1].into(),
            "nothing happened to it"
        );
    }

    #[tokio::test]
    #[ignore = "it is started by the test above"]
    async fn says_what_opening_says() {
        let folder = std::env::var_os(FOLDER)
            .map(PathBuf::from)
            .expect("a test set it");
        let opened = SqliteQueue::open(folder, options()).await;
        assert!(
            matches!(opened, Err(QueueError::NotWritable(_))),
            "{opened:?}"
        );
    }
}

#[test]
fn who_looks_at_a_folder_neither_takes_it_nor_leaves_anything() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SqliteQueue::examine(folder.path()).unwrap());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    assert!(!SqliteQueue::examine(&folder.path().join("new")).unwrap());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);

    let _taken = Folder::take(folder.path()).unwrap();
    let refused = SqliteQueue::examine(folder.path()).unwrap_err();
    assert!(matches!(refused, QueueError::InUse(_)), "{refused}");
}
