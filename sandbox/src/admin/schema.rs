//! The schema that requests are validated against and executed on: the same cut of Shopify's
//! published schema that the program under test compiles its operations against.

use std::sync::OnceLock;

use apollo_compiler::{Name, Schema, collections::HashMap, schema::Implementers, validation::Valid};

use crate::shopify::StartError;

const SDL: &str = include_str!("../../../src/shopify/schema/admin-2026-10.graphql");

static SCHEMA: OnceLock<ApiSchema> = OnceLock::new();

/// The parsed schema with what execution would else compute again for each request.
pub(crate) struct ApiSchema {
    pub schema: Valid<Schema>,
    pub implementers: HashMap<Name, Implementers>,
}

/// Parsed once per process.
pub(crate) fn schema() -> Result<&'static ApiSchema, StartError> {
    if let Some(schema) = SCHEMA.get() {
        return Ok(schema);
    }
    // Shopify's printed schema uses this directive without defining it.
    let one_of = if SDL.contains("directive @oneOf") {
        ""
    } else {
        "directive @oneOf on INPUT_OBJECT\n"
    };
    let schema = Schema::parse_and_validate(format!("{one_of}{SDL}"), "admin.graphql")
        .map_err(|invalid| StartError::Schema(invalid.errors.to_string()))?;
    let implementers = schema.implementers_map();
    Ok(SCHEMA.get_or_init(|| ApiSchema { schema, implementers }))
}
