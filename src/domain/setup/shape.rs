//! Holds a YAML tree against the published JSON Schema and names every difference at once.
//!
//! The parser behind serde stops at the first mistake and does not know where an unknown key
//! stood. The schema is made from the types of `file`, so what passes here also deserializes.
//! Only the keywords that those types produce are known; a test notices a new one.

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::{
    Path, Problem,
    tree::{Node, Value},
};

/// Everything in which the tree differs from the schema.
pub fn differences(schema: &Json, tree: &Node) -> Vec<Problem> {
    let mut walk = Walk {
        root: schema,
        problems: Vec::new(),
    };
    walk.value(schema, tree, &Path::default());
    walk.problems
}

struct Walk<'a> {
    root: &'a Json,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Json, node: &Node, path: &Path) {
        let schema = self.follow(schema);
        if let Some(branches) = schema.get("anyOf").and_then(Json::as_array) {
            self.branches(branches, node, path);
            return;
        }
        match (schema.get("type").and_then(Json::as_str), &node.value) {
            (Some("object"), Value::Map(_)) => self.object(schema, node, path),
            (Some("array"), Value::List(items)) => self.array(schema, items, node, path),
            (Some("object" | "array"), _) | (_, Value::Map(_) | Value::List(_) | Value::Null) => {
                self.say(node, path, format!("this must be {}", wanted(schema)));
            }
            (_, Value::Scalar { text, plain }) => self.scalar(schema, text, *plain, node, path),
        }
    }

    /// The branch of the value's own kind speaks; if there is none, all of them are named.
    fn branches(&mut self, branches: &'a [Json], node: &Node, path: &Path) {
        let trials: Vec<Vec<Problem>> = branches
            .iter()
            .map(|branch| {
                let mut trial = Walk {
                    root: self.root,
                    problems: Vec::new(),
                };
                trial.value(branch, node, path);
                trial.problems
            })
            .collect();
        if trials.iter().any(Vec::is_empty) {
            return;
        }
        let inside = trials
            .into_iter()
            .find(|problems| problems.iter().all(|p| p.path != *path));
        if let Some(problems) = inside {
            self.problems.extend(problems);
        } else {
            let all: Vec<String> = branches.iter().map(|branch| wanted(self.follow(branch))).collect();
            self.say(node, path, format!("this must be {}", all.join(", or ")));
        }
    }

    fn object(&mut self, schema: &'a Json, node: &Node, path: &Path) {
        let Value::Map(entries) = &node.value else { return };
        let Some(known) = schema.get("properties").and_then(Json::as_object) else {
            return;
        };
        for entry in entries {
            if let Some(below) = known.get(&entry.key) {
                self.value(below, &entry.node, &path.key(&entry.key));
            } else {
                let message = format!("“{}” is not a key here; known are {}", entry.key, names(known));
                self.problems.push(Problem {
                    at: entry.key_at,
                    path: path.clone(),
                    message,
                });
            }
        }
        let required = schema.get("required").and_then(Json::as_array);
        for key in required.into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|entry| entry.key == key) {
                self.say(node, path, format!("“{key}” is missing"));
            }
        }
        let exactly_one = schema.get("maxProperties").and_then(Json::as_u64) == Some(1);
        if exactly_one && entries.len() != 1 {
            self.say(node, path, format!("give exactly one of {}", names(known)));
        }
    }

    fn array(&mut self, schema: &'a Json, items: &[Node], node: &Node, path: &Path) {
        if !fits(schema, "minItems", "maxItems", items.len()) {
            let most = schema
                .get("maxItems")
                .map_or_else(|| "any number".to_owned(), Json::to_string);
            let fewest = schema.get("minItems").map_or_else(|| "0".to_owned(), Json::to_string);
            self.say(node, path, format!("this list holds {fewest} to {most}"));
        }
        if let Some(below) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(below, item, &path.index(index));
            }
        }
    }

    fn scalar(&mut self, schema: &Json, text: &str, plain: bool, node: &Node, path: &Path) {
        let words = words(schema);
        let good = match schema.get("type").and_then(Json::as_str) {
            _ if !words.is_empty() => words.contains(&text),
            Some("boolean") => plain && is_boolean(text),
            Some("integer") => plain && text.parse::<i64>().is_ok_and(|n| in_range(schema, Decimal::from(n))),
            Some("number") => plain && Decimal::from_str_exact(text).is_ok_and(|n| in_range(schema, n)),
            _ => fits(schema, "minLength", "maxLength", text.chars().count()),
        };
        if !good {
            self.say(node, path, format!("this must be {}", wanted(schema)));
        }
    }

    fn follow(&self, schema: &'a Json) -> &'a Json {
        schema
            .get("$ref")
            .and_then(Json::as_str)
            .and_then(|target| self.root.pointer(target.trim_start_matches('#')))
            .unwrap_or(schema)
    }

    fn say(&mut self, node: &Node, path: &Path, message: String) {
        self.problems.push(Problem {
            at: node.at,
            path: path.clone(),
            message,
        });
    }
}

fn names(known: &Map<String, Json>) -> String {
    let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(", ")
}

fn is_boolean(text: &str) -> bool {
    ["true", "false", "on", "off", "yes", "no"].contains(&text.to_ascii_lowercase().as_str())
}

/// The words that a schema allows: an enum, a constant, or a choice of constants.
fn words(schema: &Json) -> Vec<&str> {
    let list = |key| schema.get(key).and_then(Json::as_array).into_iter().flatten();
    let constant = schema.get("const").and_then(Json::as_str);
    let choices = list("oneOf").flat_map(words);
    list("enum")
        .filter_map(Json::as_str)
        .chain(constant)
        .chain(choices)
        .collect()
}

/// Whether a size is within two limits of the schema, as far as it sets them.
fn fits(schema: &Json, least: &str, most: &str, size: usize) -> bool {
    let limit = |key| schema.get(key).and_then(Json::as_u64);
    let size = size as u64;
    limit(least).is_none_or(|least| size >= least) && limit(most).is_none_or(|most| size <= most)
}

fn in_range(schema: &Json, number: Decimal) -> bool {
    let limit = |key| {
        let limit = schema.get(key)?;
        limit.as_i64().map(Decimal::from)
    };
    let fits = limit("const").is_none_or(|only| number == only);
    fits && limit("minimum").is_none_or(|least| number >= least) && limit("maximum").is_none_or(|most| number <= most)
}

fn wanted(schema: &Json) -> String {
    let words = words(schema);
    if !words.is_empty() {
        return words
            .iter()
            .map(|word| format!("“{word}”"))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let limit = |key| schema.get(key).and_then(Json::as_i64);
    let range = match (limit("minimum"), limit("maximum"), limit("const")) {
        (_, _, Some(only)) => return only.to_string(),
        (Some(least), Some(most), _) => format!(" from {least} to {most}"),
        _ => String::new(),
    };
    match schema.get("type").and_then(Json::as_str) {
        Some("object") => "a group of keys".to_owned(),
        Some("array") => "a list".to_owned(),
        Some("boolean") => "on or off".to_owned(),
        Some("integer") => format!("a whole number{range}"),
        Some("number") => format!("a number{range}"),
        _ => match limit("maxLength") {
            Some(most) => format!("a text of 1 to {most} characters"),
            None => "a text".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::setup::file;

    fn check(text: &str, expect: &[&str]) {
        let tree = Node::parse(text).expect(text);
        let found: Vec<String> = differences(&file::json_schema(), &tree)
            .iter()
            .map(Problem::to_string)
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn every_difference_is_named_at_once_with_its_line() {
        check(
            "version: 2\nsuplier: []\nsuppliers:\n  - key: a\n    colour: red\n    connector: fax\n    offers: {}\n",
            &[
                "line 1, column 10: version: this must be 1",
                "line 2, column 1: “suplier” is not a key here; known are shops, suppliers, version",
                "line 5, column 5: suppliers[0]: “colour” is not a key here; known are connector, counted_at, currency, key, name, \
                 offers, settings, shop",
                "line 6, column 16: suppliers[0].connector: this must be “portal” or “http”",
                "line 7, column 13: suppliers[0].offers: this must be a list",
                "line 4, column 5: suppliers[0]: “name” is missing",
            ],
        );
    }

    #[test]
    fn words_numbers_and_lists_are_told_apart() {
        let shop = |rest: &str| format!("version: 1\nshops:\n  - domain: a.myshopify.com\n    {rest}\n");
        for good in [
            "automation: on",
            "automation: FALSE",
            "locations: all",
            "locations: [Berlin, 12, \"7\"]",
            "kit_fulfillment: last_component",
            "connections: [{supplier: a, price_tolerance_pct: 2.5, priority: 3}]",
            "mappings: [{variant: {id: 9007199254740993}, alternatives: [{components: [{supplier: a, sku: 007}]}]}]",
        ] {
            check(&shop(good), &[]);
        }
        check(
            &shop("automation: \"on\""),
            &["line 4, column 17: shops[0].automation: this must be on or off"],
        );
        check(
            &shop("locations: some"),
            &["line 4, column 16: shops[0].locations: this must be “all”, or a list"],
        );
        check(
            &shop("connections: [{supplier: a, handling_days: 1.5}, {supplier: ~, handling_days: 400}]"),
            &[
                "line 4, column 48: shops[0].connections[0].handling_days: this must be a whole number from 0 to 365",
                "line 4, column 65: shops[0].connections[1].supplier: this must be a text",
                "line 4, column 83: shops[0].connections[1].handling_days: this must be a whole number from 0 to 365",
            ],
        );
        check(
            &shop("mappings: [{variant: {}, alternatives: []}]"),
            &[
                "line 4, column 26: shops[0].mappings[0].variant: give exactly one of id, sku",
                "line 4, column 44: shops[0].mappings[0].alternatives: this list holds 1 to 20",
            ],
        );
    }

    /// A keyword that is not known here would be published and never checked.
    #[test]
    fn the_schema_uses_no_keyword_that_is_not_checked() {
        const CHECKED: [&str; 18] = [
            "$ref",
            "additionalProperties",
            "anyOf",
            "const",
            "enum",
            "items",
            "maximum",
            "maxItems",
            "maxLength",
            "maxProperties",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "oneOf",
            "properties",
            "required",
            "type",
        ];
        // `check` reads these leaves itself and says more than “does not match”.
        const READ_BY_CHECK: [&str; 2] = ["pattern", "format"];
        const ABOUT: [&str; 5] = ["$schema", "$defs", "title", "description", "default"];
        fn visit(schema: &Json, unknown: &mut Vec<String>) {
            let Some(object) = schema.as_object() else { return };
            for (key, below) in object {
                match key.as_str() {
                    "properties" | "$defs" => {
                        for inner in below.as_object().into_iter().flat_map(Map::values) {
                            visit(inner, unknown);
                        }
                    }
                    "anyOf" | "oneOf" => {
                        for inner in below.as_array().into_iter().flatten() {
                            visit(inner, unknown);
                        }
                    }
                    "items" => visit(below, unknown),
                    key if CHECKED.contains(&key) || READ_BY_CHECK.contains(&key) || ABOUT.contains(&key) => {}
                    key => unknown.push(key.to_owned()),
                }
            }
        }
        let mut unknown = Vec::new();
        visit(&file::json_schema(), &mut unknown);
        assert_eq!(unknown, Vec::<String>::new());
    }
}
