//! Every document is valid against the schema that it is compiled with.
//! (`npm test` in tools/shopify-schema does the same against the full schema.)

use std::path::Path;

use apollo_compiler::{ExecutableDocument, Schema};

#[test]
fn every_document_is_valid_and_holds_one_operation_of_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shopify");
    let sdl = std::fs::read_to_string(folder.join("schema/admin-2026-10.graphql")).expect("the schema");
    // Printed schemas use this directive without declaring it: newer GraphQL knows it by itself.
    let sdl = format!("directive @oneOf on INPUT_OBJECT\n{sdl}");
    let schema = Schema::parse_and_validate(sdl, "admin-2026-10.graphql").expect("a valid schema");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder.join("queries")).expect("the documents") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let text = std::fs::read_to_string(&path).expect("a document");
        let document = ExecutableDocument::parse_and_validate(&schema, text, &path)
            .unwrap_or_else(|error| panic!("{name}: {}", error.errors));
        let operations: Vec<_> = document.operations.iter().collect();
        assert_eq!(operations.len(), 1, "{name}");
        assert_eq!(operations[0].name.as_deref(), Some(name));
        checked += 1;
    }
    assert!(checked >= 29, "only {checked} documents were found");
}
