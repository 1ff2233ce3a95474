//! `orderyard contract`: prints a contract that the code makes, for `scripts/write-contracts`.

use clap::ValueEnum;

use super::CommandError;
use crate::{graphql, http};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Contract {
    /// The GraphQL schema, as in `frontend/schema.graphql`.
    Graphql,
    /// The supplier API, as in `docs/supplier-v1.openapi.json`.
    SupplierApi,
}

pub fn run(contract: Contract) -> Result<(), CommandError> {
    match contract {
        Contract::Graphql => print!("{}", graphql::sdl()),
        Contract::SupplierApi => print!("{}", http::supplier_openapi()?),
    }
    Ok(())
}
