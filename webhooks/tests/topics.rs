//! Owns: the topic names and the subscribed ones, held against Shopify's list and against the app's
//! own TOML.

use std::collections::{BTreeMap, BTreeSet};

use webhooks::Topic;

const PUBLISHED: &str = include_str!("../fixtures/topics_2026-10.tsv");
const APP_TOML: &str = include_str!("../../shopify.app.toml");

/// One line of the list: the name in the Admin API, the name in the header, the scopes of which one
/// allows to subscribe.
struct Published {
    graphql: &'static str,
    scopes: Vec<&'static str>,
}

fn published() -> BTreeMap<&'static str, Published> {
    PUBLISHED
        .lines()
        .skip(1)
        .map(|line| {
            let [graphql, slug, scopes] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("not three columns: {line}");
            };
            (
                slug,
                Published {
                    graphql,
                    scopes: scopes.split(',').filter(|scope| !scope.is_empty()).collect(),
                },
            )
        })
        .filter(|(slug, _)| !slug.is_empty())
        .collect()
}

#[test]
fn every_published_topic_has_its_graphql_name() {
    let published = published();
    assert!(published.len() > 200, "the list is cut");
    for (slug, entry) in published {
        assert_eq!(Topic::from(slug).to_graphql_enum(), entry.graphql);
    }
    assert_eq!(
        Topic::from("customer.tags_added").to_graphql_enum(),
        "CUSTOMER_TAGS_ADDED"
    );
}

#[test]
fn every_known_topic_is_published_or_for_compliance() {
    let published = published();
    for topic in Topic::KNOWN {
        let compliance = Topic::COMPLIANCE.contains(topic);
        assert_ne!(published.contains_key(topic.as_str()), compliance, "{topic}");
    }
}

#[test]
fn a_topic_keeps_its_name() {
    for topic in Topic::KNOWN {
        assert_eq!(&Topic::from(topic.as_str()), topic);
        assert!(!matches!(Topic::from(topic.as_str()), Topic::Other(_)));
        let json = serde_json::to_string(topic).unwrap();
        assert_eq!(json, format!("\"{topic}\""));
        assert_eq!(&serde_json::from_str::<Topic>(&json).unwrap(), topic);
    }
    let other: Topic = "carts/create".parse().unwrap();
    assert_eq!(other, Topic::Other("carts/create".to_owned()));
    assert_eq!(other.as_str(), "carts/create");
    // Shopify writes lower case; another spelling is not guessed at.
    assert_eq!(Topic::from("ORDERS/CREATE"), Topic::Other("ORDERS/CREATE".to_owned()));
}

#[test]
fn no_topic_is_subscribed_twice_or_unknown() {
    let once: BTreeSet<&Topic> = Topic::SUBSCRIBED.iter().collect();
    assert_eq!(once.len(), Topic::SUBSCRIBED.len());
    for topic in Topic::SUBSCRIBED {
        assert!(Topic::KNOWN.contains(topic), "{topic}");
        assert!(
            !Topic::COMPLIANCE.contains(topic),
            "{topic} cannot be subscribed to by the API"
        );
    }
}

#[test]
fn the_apps_scopes_allow_every_subscription() {
    let granted = toml_list("scopes = ");
    // Permission to write something is permission to read it.
    let readable: BTreeSet<String> = granted
        .iter()
        .map(|scope| {
            scope
                .strip_prefix("write_")
                .map_or(scope.clone(), |object| format!("read_{object}"))
        })
        .collect();
    let published = published();
    for topic in Topic::SUBSCRIBED {
        let any_of = &published[topic.as_str()].scopes;
        let allowed = any_of.is_empty() || any_of.iter().any(|scope| readable.contains(*scope));
        assert!(allowed, "{topic} needs one of {any_of:?}");
    }
}

#[test]
fn the_apps_toml_declares_the_compliance_topics_and_no_others() {
    let declared: Vec<Topic> = toml_list("compliance_topics = ")
        .iter()
        .map(|slug| Topic::from(slug.as_str()))
        .collect();
    assert_eq!(declared, Topic::COMPLIANCE);
    let others = APP_TOML
        .lines()
        .filter(|line| line.trim_start().starts_with("topics"))
        .count();
    assert_eq!(others, 0, "a topic of the TOML and of the API would arrive twice");
}

/// The words between quotes and commas on the one line that starts so.
fn toml_list(start: &str) -> Vec<String> {
    let Some(line) = APP_TOML.lines().find_map(|line| line.strip_prefix(start)) else {
        panic!("the TOML has no line that starts with `{start}`");
    };
    line.split([',', '"', '[', ']', ' '])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
