//! Compares what a file wants with what there is.
//!
//! The result is a list of steps that lead from one to the other, in an order in which each can
//! rely on those before it, and that reads as a diff. Nothing to do is an empty list.

mod shops;
mod shown;
mod suppliers;

use std::fmt;

use chrono::{DateTime, Utc};

use super::{
    Installation, Problem, Setup,
    model::{Alternative, Connection, Offer, Origin, SupplierTerms},
};
use crate::{
    domain::{shop::ShopSettings, supplier::SupplierKey},
    ids::ShopifyVariantId,
};
use shown::{Field, Shown};

/// What to do with offers, connections and mappings of a supplier or shop that the file names,
/// when it does not name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    Keep,
    /// Offers are withdrawn, connections paused, mappings removed.
    Prune,
}

/// How to get from the installation to the setup.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    pub changes: Vec<Change>,
    /// What there will be.
    pub after: Installation,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    sign: Sign,
    subject: String,
    details: Vec<String>,
    pub step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Add,
    Alter,
    Remove,
}

/// One thing to write, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Supplier {
        key: SupplierKey,
        terms: SupplierTerms,
    },
    Offer {
        supplier: SupplierKey,
        sku: String,
        offer: Offer,
        /// When the file says that this stock was counted, unless a later figure is known.
        counted_at: Option<DateTime<Utc>>,
    },
    Settings {
        domain: String,
        settings: ShopSettings,
    },
    Connection {
        domain: String,
        supplier: SupplierKey,
        connection: Connection,
    },
    /// No alternatives means that the mapping goes.
    Mapping {
        domain: String,
        variant: ShopifyVariantId,
        alternatives: Vec<Alternative>,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Add => '+',
            Sign::Alter => '~',
            Sign::Remove => '-',
        };
        write!(f, "{sign} {}", self.subject)?;
        if !self.details.is_empty() {
            write!(f, ": {}", self.details.join(", "))?;
        }
        Ok(())
    }
}

/// Makes the plan.
///
/// # Errors
/// Everything that the file says about things that are not there.
pub fn plan(setup: &Setup, now: &Installation, unnamed: Unnamed) -> Result<Plan, Vec<Problem>> {
    let mut planner = Planner {
        now,
        after: now.clone(),
        changes: Vec::new(),
        problems: Vec::new(),
    };
    for supplier in &setup.suppliers {
        planner.supplier(supplier, unnamed);
    }
    for shop in &setup.shops {
        planner.shop(shop, unnamed);
    }
    if planner.problems.is_empty() {
        Ok(Plan {
            changes: planner.changes,
            after: planner.after,
        })
    } else {
        planner.problems.sort_by_key(|problem| problem.at);
        Err(planner.problems)
    }
}

struct Planner<'a> {
    now: &'a Installation,
    after: Installation,
    changes: Vec<Change>,
    problems: Vec<Problem>,
}

impl Planner<'_> {
    fn note<T: Shown>(&mut self, subject: String, before: Option<&T>, after: &T, step: Step) {
        let fields = after.fields();
        let (sign, details) = match before {
            None => (Sign::Add, fields.iter().filter_map(Field::introduced).collect()),
            Some(before) => {
                let details: Vec<String> = (before.fields().iter().zip(&fields))
                    .filter_map(|(old, new)| old.became(new))
                    .collect();
                if details.is_empty() {
                    return;
                }
                (Sign::Alter, details)
            }
        };
        let gone = before.is_some() && after.is_gone();
        self.changes.push(Change {
            sign: if gone { Sign::Remove } else { sign },
            subject,
            details: if gone { Vec::new() } else { details },
            step,
        });
    }

    fn say(&mut self, origin: &Origin, message: &str) {
        self.problems.push(Problem {
            at: origin.at,
            path: origin.path.clone(),
            message: message.to_owned(),
        });
    }
}

fn not_installed(domain: &str) -> String {
    format!("the shop {domain} has not installed Orderyard; install it first, at /auth/shopify?shop={domain}")
}

fn no_supplier(key: &SupplierKey) -> String {
    format!("there is no supplier “{key}”, neither in the file nor in the installation")
}
