//! Measures routing: `make bench-routing`. Compares it with HiGHS, with planted optima and
//! with rules of thumb, times it, and writes the tables of docs/ROUTING.md.
#![expect(clippy::expect_used, reason = "a measurement that goes wrong ends the run")]

mod proof;
mod report;
mod timing;

use std::{path::PathBuf, process::ExitCode};

use report::Table;

// As the program itself has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What to measure; every number can be made smaller for a quick look.
struct Options {
    /// Orders that HiGHS solves too.
    proofs: u64,
    /// Orders of each kind with a planted optimum, and of each market.
    instances: u64,
    /// Orders of the what-if.
    orders: u64,
    /// The page whose tables are rewritten.
    page: Option<PathBuf>,
}

/// Reads `NAME=NUMBER` arguments, and `page=PATH`.
fn options() -> Options {
    let mut options = Options {
        proofs: 10_000,
        instances: 400,
        orders: 100_000,
        page: None,
    };
    for argument in std::env::args().skip(1) {
        let (name, value) = argument.split_once('=').expect("NAME=VALUE");
        let number = || value.parse().expect("a number");
        match name {
            "proofs" => options.proofs = number(),
            "instances" => options.instances = number(),
            "orders" => options.orders = number(),
            "page" => options.page = Some(value.into()),
            other => panic!("{other}: proofs, instances, orders or page"),
        }
    }
    options
}

fn main() -> ExitCode {
    let options = options();
    let mut tables: Vec<Table> = Vec::new();
    let mut add = |table: Table| {
        println!("{}", table.text());
        tables.push(table);
    };
    if options.orders > 0 {
        add(timing::table(options.orders));
    }
    if options.instances > 0 {
        add(proof::policies(options.instances));
        add(proof::planted(options.instances));
    }
    let mut wrong = Vec::new();
    if options.proofs > 0 {
        let (table, found) = proof::against_highs(options.proofs);
        add(table);
        wrong = found;
    }
    if let Some(page) = &options.page {
        report::write(&tables, page);
    }
    for why in &wrong {
        eprintln!("{why}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
