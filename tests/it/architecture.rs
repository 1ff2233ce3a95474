//! The folders' promises: who may use whom, and what appears in one place only.
//! The table is that of docs/ARCHITECTURE.md.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a module may name of `crate::…`, and which outside crates it must not.
struct Room {
    name: &'static str,
    uses: &'static [&'static str],
    never: &'static [&'static str],
}

/// Everyone may use these.
const ROOTS: &[&str] = &[
    "app",
    "body",
    "clock",
    "config",
    "error",
    "failpoint",
    "ids",
    "logging",
    "peer",
    "seal",
];

const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        uses: &["domain"],
        never: &["sea_orm", "reqwest", "axum", "async_graphql", "tokio"],
    },
    Room {
        name: "routing",
        uses: &["routing", "domain"],
        never: &["sea_orm", "reqwest", "axum", "async_graphql", "tokio"],
    },
    Room {
        name: "store",
        uses: &["store", "domain"],
        never: &["axum", "async_graphql", "reqwest"],
    },
    Room {
        name: "queue",
        uses: &["queue", "store", "domain"],
        never: &["axum", "async_graphql", "reqwest"],
    },
    Room {
        name: "shopify",
        uses: &["shopify", "domain", "routing"],
        never: &["sea_orm", "axum", "async_graphql"],
    },
    Room {
        name: "connectors",
        uses: &["connectors", "domain", "routing"],
        never: &["sea_orm", "axum", "async_graphql"],
    },
    Room {
        name: "actions",
        uses: &[
            "actions",
            "connectors",
            "domain",
            "queue",
            "routing",
            "shopify",
            "store",
        ],
        never: &["axum", "async_graphql"],
    },
    Room {
        name: "http",
        // The route table mounts the schema.
        uses: &["http", "graphql", "actions", "store", "domain"],
        never: &["reqwest", "sea_orm_migration"],
    },
    Room {
        name: "graphql",
        // A stored plan is shown in the words of routing.
        uses: &["graphql", "actions", "store", "domain", "routing"],
        never: &["reqwest", "sea_orm_migration"],
    },
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// A file's code: without comments, and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a file");
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    lines.join("\n")
}

/// The first parts of what a file names after `crate::`, in a list or alone.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => found.extend(heads_of_list(list)),
            None => found.extend(head(after)),
        }
    }
    found
}

fn head(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// `a::{b, c}, d` up to the closing brace gives `a` and `d`.
fn heads_of_list(list: &str) -> Vec<String> {
    let (mut depth, mut item, mut heads) = (0_u32, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.extend(head(std::mem::take(&mut item).trim_start())),
            _ if depth == 0 => item.push(c),
            _ => {}
        }
    }
    heads.extend(head(item.trim_start()));
    heads
}

fn files_of(room: &str) -> Vec<PathBuf> {
    let mut files = files_under(&source().join(room));
    files.retain(|path| {
        path.file_name().is_some_and(|name| name != "tests.rs")
            && !path.components().any(|part| part.as_os_str() == "tests")
    });
    files
}

#[test]
fn a_module_uses_only_what_it_may() {
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).chain(["cli", "worker"]).collect();
    let mut wrong = Vec::new();
    for room in ROOMS {
        for path in files_of(room.name) {
            let code = code(&path);
            for named in rooms_named(&code) {
                let known = rooms.contains(named.as_str());
                if known && !room.uses.contains(&named.as_str()) && !ROOTS.contains(&named.as_str()) {
                    wrong.push(format!("{} uses {named}", path.display()));
                }
            }
            for banned in room.never {
                if code.contains(&format!("{banned}::")) {
                    wrong.push(format!("{} uses the crate {banned}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn http_names_the_schema_in_its_route_table_alone() {
    for path in files_of("http") {
        let is_table = path.ends_with("http/mod.rs");
        assert!(
            is_table || !rooms_named(&code(&path)).contains("graphql"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_crates_beside_know_nothing_of_the_app() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["webhooks", "migrations", "sandbox"] {
        for path in files_under(&root.join(name).join("src")) {
            assert!(!code(&path).contains("orderyard::"), "{}", path.display());
        }
    }
}

#[test]
fn sql_is_in_the_store_alone() {
    let mut wrong = Vec::new();
    for path in files_under(&source()) {
        let in_store = path.starts_with(source().join("store"));
        if !in_store
            && ["Statement::", "execute_unprepared", "DeriveEntityModel"]
                .iter()
                .any(|word| code(&path).contains(word))
        {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Chaos and the stories choose from the list: a place that is not in it is never tried.
#[test]
fn every_failpoint_is_listed() {
    let mut hit = BTreeSet::new();
    for file in files_under(&source()) {
        let text = fs::read_to_string(&file).expect("a file");
        let names = text.split("failpoint::hit(\"").skip(1);
        hit.extend(names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    let listed: BTreeSet<String> = orderyard::failpoint::PLACES
        .iter()
        .map(|&place| place.to_owned())
        .collect();
    assert_eq!(hit, listed);
}

#[test]
fn names_are_read_from_use_lists() {
    let check = |code: &str, expect: &[&str]| {
        let expect: BTreeSet<String> = expect.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(rooms_named(code), expect, "{code}");
    };
    check(
        "use crate::{app::App, store::{self, Tx}, x::Y};",
        &["app", "store", "x"],
    );
    check("crate::domain::money::Money; crate::ids::Id", &["domain", "ids"]);
}
