//! Documents, parsed and validated. Programs send the same few again and again, so the last ones are
//! kept: what is wrong with a text, or that nothing is, does not change.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use apollo_compiler::{
    ExecutableDocument,
    ast::{Definition, Document, Selection},
    response::GraphQLError,
    validation::{DiagnosticList, Valid},
};
use serde_json::{Value, json};

use super::schema::ApiSchema;
use crate::shopify::lock;

/// The most documents that are kept, and the longest text of one.
const MOST_KEPT: usize = 200;
const LONGEST_KEPT: usize = 32 * 1024;

static KEPT: LazyLock<Mutex<HashMap<String, Arc<Checked>>>> = LazyLock::new(Mutex::default);

/// What there is to know of a request's text.
pub(crate) struct Checked {
    /// As far as it can be parsed.
    parsed: Option<Document>,
    /// The document, or the errors that Shopify would answer.
    pub valid: Result<Valid<ExecutableDocument>, Vec<Value>>,
}

/// What is known of a request before it runs, for faults and the journal.
#[derive(Default)]
pub(crate) struct Outline {
    pub operation: Option<String>,
    pub fields: Vec<String>,
}

impl Checked {
    pub fn of(api: &ApiSchema, text: &str) -> Arc<Self> {
        if let Some(kept) = lock(&KEPT).get(text) {
            return Arc::clone(kept);
        }
        let valid = ExecutableDocument::parse_and_validate(&api.schema, text, "request.graphql");
        let checked = Arc::new(Self {
            parsed: Document::parse(text, "request.graphql").ok(),
            valid: valid.map_err(|invalid| coded(&invalid.errors)),
        });
        if text.len() <= LONGEST_KEPT {
            let mut kept = lock(&KEPT);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(text.to_owned(), Arc::clone(&checked));
        }
        checked
    }

    /// Operation name and root fields, read without validation so that faults can strike anything.
    pub fn outline(&self, wanted: Option<&str>) -> Outline {
        let definitions = self.parsed.iter().flat_map(|document| &document.definitions);
        let mut operations = definitions.filter_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        });
        let named = |name: Option<&apollo_compiler::Name>| name.map(apollo_compiler::Name::as_str) == wanted;
        let Some(operation) = operations.find(|operation| wanted.is_none() || named(operation.name.as_ref())) else {
            return Outline::default();
        };
        let fields = operation.selection_set.iter().filter_map(|selection| match selection {
            Selection::Field(field) => Some(field.name.to_string()),
            _ => None,
        });
        Outline {
            operation: operation.name.as_ref().map(ToString::to_string),
            fields: fields.collect(),
        }
    }
}

fn coded(errors: &DiagnosticList) -> Vec<Value> {
    let coded = |error: GraphQLError| {
        let mut json = json!(error);
        json["extensions"] = json!({ "code": "GRAPHQL_VALIDATION_FAILED" });
        json
    };
    errors.iter().map(|diagnostic| coded(diagnostic.to_json())).collect()
}
