//! What was decided and may not stand.

use super::*;
use crate::routing::{
    forbidden,
    rulebook::{Consequence, Rule},
};

fn check(change: impl FnOnce(&mut RouteRequest), expect: Option<&str>) {
    let mut request = contested(1, 5, 5);
    change(&mut request);
    assert_eq!(forbidden(&request).map(|why| why.to_string()).as_deref(), expect);
}

#[test]
fn rules_forbid_and_prices_and_stock_do_not() {
    check(|_| {}, None);
    check(|r| at_north(r).offer.cost = eur(900), None);
    check(|r| at_north(r).offer.cost = eur(-1), None);
    check(|r| at_north(r).offer.stock = Some(0), None);
    check(
        |r| r.suppliers[0].active = false,
        Some("the connection with North Textiles is paused"),
    );
    check(
        |r| {
            at_north(r).offer.cost = eur(900);
            at_north(r).offer.ships_to = vec!["FR".to_owned()];
        },
        Some("does not ship to DE, only to FR"),
    );
    let never = |r: &mut RouteRequest| {
        let keys = BTreeSet::from([r.suppliers[0].key.clone()]);
        let rule = Rule::new("Elsewhere", None, Consequence::Never(keys));
        r.rules.push(rule.expect("a rule"));
    };
    check(never, Some("the rule “Elsewhere” forbids it"));
}
