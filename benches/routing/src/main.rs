//! Measures routing: `make bench-routing`. Compares it with HiGHS, with planted optima and
//! with rules of thumb, times it, and writes the tables of docs/ROUTING.md.
#![expect(clippy::expect_used, reason = "a measurement that goes wrong ends the run")]

mod against_highs;
mod proof;
mod report;
mod target;
mod timing;

use std::{path::PathBuf, process::ExitCode};

use against_highs::Compared;
use report::Table;
use target::Target;

// As the program itself has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Orders of 50 lines whose bounds are compared with HiGHS's.
const LARGE: u64 = 20;

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
    /// A target that is missed ends the run as a failure.
    check: bool,
}

/// Reads `NAME=NUMBER` arguments, `page=PATH`, and `--check`.
fn options() -> Options {
    let mut options = Options {
        proofs: 10_000,
        instances: 400,
        orders: 100_000,
        page: None,
        check: false,
    };
    for argument in std::env::args().skip(1) {
        if argument == "--check" {
            options.check = true;
            continue;
        }
        let (name, value) = argument.split_once('=').expect("NAME=VALUE");
        let number = || value.parse().expect("a number");
        match name {
            "proofs" => options.proofs = number(),
            "instances" => options.instances = number(),
            "orders" => options.orders = number(),
            "page" => options.page = Some(value.into()),
            other => panic!("{other}: proofs, instances, orders, page or --check"),
        }
    }
    options
}

fn main() -> ExitCode {
    let options = options();
    let mut tables: Vec<Table> = Vec::new();
    let mut targets: Vec<Target> = Vec::new();
    let mut add = |(table, more): (Table, Vec<Target>)| {
        println!("{}", table.text());
        tables.push(table);
        targets.extend(more);
    };
    if options.orders > 0 {
        add(timing::table(options.orders));
    }
    if options.instances > 0 {
        add((proof::policies(options.instances), Vec::new()));
        add(proof::planted(options.instances));
    }
    let mut wrong = Vec::new();
    if options.proofs > 0 {
        let mut compare = |(table, targets, found): Compared| {
            add((table, targets));
            wrong.extend(found);
        };
        compare(against_highs::proofs(options.proofs));
        compare(against_highs::bounds(options.proofs.min(LARGE)));
    }
    let all_met = target::tell(&targets);
    if let Some(page) = &options.page {
        report::write(&tables, page);
    }
    for why in &wrong {
        eprintln!("{why}");
    }
    if wrong.is_empty() && (all_met || !options.check) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
