//! The shop's own rules: what each kind does to a plan, and what the plan says.

use rust_decimal::Decimal;

use super::*;
use crate::routing::{
    rulebook::{Consequence, Rule, Standing, Tick, tied},
    terms::CostModel,
};

fn rule(when: &str, then: Consequence) -> Rule {
    Rule::new("House rule", (!when.is_empty()).then_some(when), then).unwrap_or_else(|error| panic!("{when}: {error}"))
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// Two units that North (supplier-1, first in priority) and South could ship, weighing
/// 400 g each at North, to Berlin, for 50.00.
fn ruled(rules: Vec<Rule>) -> RoutePlan {
    let mut request = contested(2, 120, 80);
    at_north(&mut request).offer.weight_g = Some(400);
    request.facts = OrderFacts {
        postcode: Some("10115".to_owned()),
        total: Some(Decimal::new(5_000, 2)),
        tags: vec!["fragile".to_owned()],
        channel: Some("web".to_owned()),
        payment: Some("PAID".to_owned()),
        hour: Some(15),
        ..OrderFacts::default()
    };
    request.rules = rules;
    route(&request)
}

const NORTH: &str = "2: 2 SKU-1";
const SOUTH: &str = "2: 2 SKU-2";

fn check(when: &str, then: Consequence, expect: &str) {
    assert_eq!(told(&ruled(vec![rule(when, then)])), [expect], "{when}");
}

#[test]
fn an_exclusion_names_its_rule() {
    let plan = ruled(vec![rule(
        "order.postcode between '10000' and '10999' and supplier.key == 'supplier-1'",
        Consequence::Exclude,
    )]);
    assert_eq!(told(&plan), [SOUTH]);
    let rejected = &plan.lines[0].rejected[0];
    assert_eq!(rejected.why.to_string(), "the rule “House rule” forbids it");
}

#[test]
fn conditions_ask_about_order_line_and_candidate() {
    let north = "supplier.key == 'supplier-1' and ";
    for (condition, expect) in [
        ("order.country == 'DE'", SOUTH),
        ("order.country in ['FR']", NORTH),
        ("order.total > 49.99", SOUTH),
        ("order.total > 50", NORTH),
        ("'FRAGILE' in order.tags", SOUTH),
        ("order.channel == 'pos'", NORTH),
        ("order.payment == 'PAID' and order.hour >= 14", SOUTH),
        ("line.sku == 'LINE-1' and line.units > 1", SOUTH),
        ("offer.line_weight_g > 799", SOUTH),
        ("offer.line_weight_g > 800", NORTH),
        ("supplier.handling_days > 1", NORTH),
        ("offer.stock < 121", SOUTH),
    ] {
        check(&format!("{north}{condition}"), Consequence::Exclude, expect);
    }
}

#[test]
fn a_rule_that_cannot_be_decided_applies_and_says_why() {
    // South's weight is not known.
    let plan = ruled(vec![rule("offer.weight_g > 1000", Consequence::Exclude)]);
    assert_eq!(told(&plan), [NORTH]);
    let why = plan.lines[0].rejected[0].why.to_string();
    assert_eq!(why, "the rule “House rule” may forbid it: offer.weight_g is not known");
}

#[test]
fn days_and_goods_are_asked_of_each_candidate() {
    let plan = |when: &str, cutoff_hour, promised_in_days| {
        let mut request = contested(2, 120, 80);
        request.facts.hour = Some(15);
        request.facts.promised_in_days = promised_in_days;
        request.suppliers[0].service.cutoff_hour = cutoff_hour;
        at_north(&mut request).offer.goods.dangerous = true;
        request.rules = vec![rule(when, Consequence::Exclude)];
        told(&route(&request))
    };
    let late = "supplier.days_late > 0";
    assert_eq!(plan(late, Some(16), Some(1)), [NORTH]);
    assert_eq!(plan(late, Some(15), Some(1)), [SOUTH]);
    assert_eq!(plan(late, Some(15), None), [NORTH], "nothing was promised");
    assert_eq!(plan("supplier.days_to_ship == 2", Some(0), None), [SOUTH]);
    assert_eq!(plan("offer.dangerous_goods", None, None), [SOUTH]);
    assert_eq!(plan("not offer.dangerous_goods", None, None), [NORTH]);
}

#[test]
fn a_line_without_sku_has_none_that_rules_could_mean() {
    let plan = |when: &str| {
        let mut request = contested(2, 120, 80);
        request.lines[0].sku = None;
        at_north(&mut request);
        request.rules = vec![rule(when, Consequence::Never(keys(&["supplier-1"])))];
        told(&route(&request))
    };
    assert_eq!(plan("line.sku starts_with 'BAT'"), [NORTH]);
    assert_eq!(plan("line.sku == ''"), [SOUTH]);
}

#[test]
fn goods_go_to_who_may_ship_them() {
    let plan = |age, dangerous_goods, checks_age| {
        let mut request = contested(2, 120, 80);
        at_north(&mut request).offer.goods.dangerous = true;
        at_north(&mut request).offer.goods.minimum_age = age;
        request.suppliers[0].service.dangerous_goods = dangerous_goods;
        request.suppliers[0].service.checks_age = checks_age;
        told(&route(&request))
    };
    assert_eq!(plan(None, true, false), [NORTH]);
    assert_eq!(plan(None, false, false), [SOUTH]);
    assert_eq!(plan(Some(18), true, false), [SOUTH]);
    assert_eq!(plan(Some(18), true, true), [NORTH]);
}

#[test]
fn only_and_never_name_suppliers() {
    check("order.total > 10", Consequence::Only(keys(&["supplier-2"])), SOUTH);
    check("order.total > 99", Consequence::Only(keys(&["supplier-2"])), NORTH);
    check("", Consequence::Never(keys(&["supplier-1"])), SOUTH);
}

#[test]
fn rules_that_contradict_each_other_leave_nobody_and_are_named() {
    let only = Rule::new("Only North", None, Consequence::Only(keys(&["supplier-1"]))).expect("a rule");
    let never = Rule::new("Never North", None, Consequence::Never(keys(&["supplier-1"]))).expect("a rule");
    let plan = ruled(vec![only, never]);
    assert_eq!(told(&plan), ["2: nobody"]);
    let reason = &plan.lines[0].reason;
    assert!(
        reason.contains("“Never North”") && reason.contains("“Only North”"),
        "{reason}"
    );
}

#[test]
fn a_safety_buffer_stays_in_stock() {
    check("supplier.key == 'supplier-1'", Consequence::KeepInStock(118), NORTH);
    let plan = ruled(vec![rule(
        "supplier.key == 'supplier-1'",
        Consequence::KeepInStock(120),
    )]);
    assert_eq!(told(&plan), [SOUTH]);
    let why = plan.lines[0].rejected[0].why.to_string();
    assert_eq!(why, "120 of SKU-1 in stock, of which the rule “House rule” keeps 120");
    let split = ruled(vec![rule(
        "supplier.key == 'supplier-1'",
        Consequence::KeepInStock(119),
    )]);
    assert_eq!(told(&split), ["1: 1 SKU-1", "1: 1 SKU-2"]);
}

/// Two lines of one unit: North has the first alone, both have the second, and East
/// has both; North comes first in priority, East last.
fn splittable(rules: Vec<Rule>) -> RoutePlan {
    route(&RouteRequest { rules, ..two_lines() })
}

fn two_lines() -> RouteRequest {
    let mut request = order(vec![
        line(
            1,
            1,
            vec![
                alternative(11, vec![component(11, 1, 9)]),
                alternative(13, vec![component(13, 3, 9)]),
            ],
        ),
        line(
            2,
            1,
            vec![
                alternative(22, vec![component(22, 2, 9)]),
                alternative(23, vec![component(23, 3, 9)]),
            ],
        ),
    ]);
    request.suppliers.push(terms(3, "East Wares"));
    request
}

/// The second line alone, after units of the first went to some suppliers in one parcel.
fn begun(when: &str, then: Consequence, with: &[u128]) -> RoutePlan {
    let mut request = two_lines();
    let first = request.lines.remove(0);
    request.facts.standing = vec![Standing {
        line: LineDemand {
            alternatives: Vec::new(),
            ..first
        },
        suppliers: with.iter().map(|id| supplier(*id)).collect(),
    }];
    request.facts.parcels = 1;
    request.rules = vec![rule(when, then)];
    route(&request)
}

#[test]
fn what_suppliers_have_already_counts() {
    const SOUTH: &str = "1: 1 SKU-22";
    const EAST: &str = "1: 1 SKU-23";
    for (when, then, with, expect) in [
        ("", Consequence::NeverSplit, [3].as_slice(), EAST),
        ("", Consequence::NeverSplit, &[2], SOUTH),
        ("", Consequence::NeverSplit, &[2, 3], SOUTH),
        ("", Consequence::NeverSplit, &[1], "1: nobody"),
        ("order.country == 'FR'", Consequence::NeverSplit, &[3], SOUTH),
        ("line.sku starts_with 'LINE'", Consequence::ShipTogether, &[3], EAST),
        ("line.sku == 'LINE-2'", Consequence::ShipTogether, &[3], SOUTH),
        ("line.sku == 'LINE-1'", Consequence::ShipTogether, &[3], SOUTH),
        ("", Consequence::MaxParcels(2), &[3], SOUTH),
        ("", Consequence::MaxParcels(1), &[3], "1: nobody"),
    ] {
        assert_eq!(
            told(&begun(when, then.clone(), with)),
            [expect],
            "{then:?} {when} {with:?}"
        );
    }
    let why = |plan: RoutePlan| plan.lines[0].rejected[0].why.to_string();
    assert_eq!(
        why(begun("", Consequence::NeverSplit, &[3])),
        "the rule “House rule” keeps it with East Wares, who ships the rest of the order"
    );
    assert_eq!(
        why(begun("", Consequence::MaxParcels(1), &[3])),
        "the rule “House rule” leaves no room for it"
    );
}

#[test]
fn a_person_may_split_what_is_begun() {
    let mut request = two_lines();
    let first = request.lines.remove(0);
    request.lines[0].forced_offer = Some(request.lines[0].alternatives[0].components[0].offer.id);
    request.facts.standing = vec![Standing {
        line: first,
        suppliers: BTreeSet::from([supplier(3)]),
    }];
    request.rules = vec![rule("", Consequence::NeverSplit)];
    assert_eq!(told(&route(&request)), ["1: 1 SKU-22"]);
}

/// South is chosen for the first line; of the others, North alone has the second and East the third.
fn chosen_beside(rest: Vec<LineDemand>, parcels: u32) -> [RouteRequest; 2] {
    let both = vec![
        alternative(11, vec![component(11, 1, 9)]),
        alternative(12, vec![component(12, 2, 9)]),
    ];
    let mut chosen = line(1, 2, both);
    chosen.forced_offer = Some(offer_id(12));
    let mut by_list = order([vec![chosen], rest].concat());
    by_list.suppliers.push(terms(3, "East Wares"));
    by_list.facts.parcels = parcels;
    by_list.rules = vec![rule("", Consequence::MaxParcels(1))];
    let costs = |model: &mut CostModel| model.suppliers.push(super::least_cost::costs(3, 300));
    let by_cost = super::least_cost::with_model(by_list.clone(), costs);
    [by_list, by_cost]
}

/// What a person chose is no parcel to a limit: neither does the limit stop it, nor does it take the others' room.
#[test]
fn a_choice_by_hand_counts_in_no_limit_on_parcels() {
    let only = |id: u128, of: u128, units: u32| {
        line(
            id,
            units,
            vec![alternative(id * 10 + of, vec![component(id * 10 + of, of, 9)])],
        )
    };
    let check = |rest: Vec<LineDemand>, parcels: u32, expect: &[&str]| {
        for request in chosen_beside(rest, parcels) {
            assert_eq!(told(&route(&request)), expect, "{parcels} {:?}", request.strategy);
        }
    };
    check(vec![], 0, &["2: 2 SKU-12"]);
    check(vec![], 1, &["2: 2 SKU-12"]);
    check(vec![only(2, 1, 1)], 1, &["2: 2 SKU-12", "1: nobody"]);
    check(vec![only(2, 1, 1)], 0, &["2: 2 SKU-12", "1: 1 SKU-21"]);
    check(
        vec![only(2, 1, 2), only(3, 3, 1)],
        0,
        &["2: 2 SKU-12", "2: 2 SKU-21", "1: nobody"],
    );
    for request in chosen_beside(vec![], 1) {
        assert!(route(&request).lines.iter().all(|line| line.by_hand));
    }
}

#[test]
fn a_choice_by_hand_passes_no_rule_that_forbids_it() {
    for mut request in chosen_beside(vec![], 0) {
        request.rules.push(rule("", Consequence::Never(keys(&["supplier-2"]))));
        let plan = route(&request);
        assert_eq!(told(&plan), ["2: nobody"]);
        let reason = &plan.lines[0].reason;
        assert!(reason.contains("the rule “House rule” forbids it"), "{reason}");
    }
}

#[test]
fn some_rules_go_by_time() {
    for (when, expect) in [
        ("order.country == 'DE'", None),
        ("not (order.weekday == 'sunday')", Some(Tick::Day)),
        ("order.total > 5 or order.promised_in_days < 2", Some(Tick::Day)),
        (
            "order.weekday in ['sunday'] and order.hour between 8 and 17",
            Some(Tick::Hour),
        ),
        ("supplier.days_late > 0", Some(Tick::Hour)),
    ] {
        assert_eq!(rule(when, Consequence::Exclude).goes_by(), expect, "{when}");
    }
    assert_eq!(rule("", Consequence::Exclude).goes_by(), None);
}

#[test]
fn an_order_that_is_never_split_comes_from_one_supplier() {
    assert_eq!(told(&splittable(vec![])), ["1: 1 SKU-11", "1: 1 SKU-22"]);
    let whole = ["1: 1 SKU-13", "1: 1 SKU-23"];
    let plan = splittable(vec![rule("order.country == 'DE'", Consequence::NeverSplit)]);
    assert_eq!(told(&plan), whole);
    let why = plan.lines[0].rejected[0].why.to_string();
    assert_eq!(
        why, "the rule “House rule” leaves no room for it: North Textiles can ship 0 of 1 × “Mug”",
        "North comes first"
    );
    assert_eq!(told(&splittable(vec![rule("", Consequence::MaxParcels(1))])), whole);
    let both = rule("line.sku starts_with 'LINE'", Consequence::ShipTogether);
    assert_eq!(told(&splittable(vec![both])), whole);
    let other = rule("line.sku == 'LINE-1'", Consequence::ShipTogether);
    assert_eq!(told(&splittable(vec![other])), ["1: 1 SKU-11", "1: 1 SKU-22"]);
    assert_eq!(
        told(&splittable(vec![rule("", Consequence::MaxParcels(2))])),
        ["1: 1 SKU-11", "1: 1 SKU-22"]
    );
}

#[test]
fn groups_that_share_a_line_come_from_one_supplier() {
    let way = |id: u128, of, stock| alternative(id, vec![component(id, of, stock)]);
    // North, who comes first, has the glass alone; South has all.
    let lines = |cards: u32| {
        order(vec![
            line(1, 1, vec![way(11, 1, 9), way(12, 2, 9)]),
            line(2, 1, vec![way(21, 1, cards), way(22, 2, cards)]),
            line(3, 1, vec![way(32, 2, 9)]),
        ])
    };
    let glass = |skus: &str| rule(&format!("line.sku in [{skus}]"), Consequence::ShipTogether);
    let check = |cards: u32, rules: Vec<Rule>, expect: [&str; 3]| {
        let request = RouteRequest { rules, ..lines(cards) };
        assert_eq!(told(&route(&request)), expect);
    };
    let all_of_south = ["1: 1 SKU-12", "1: 1 SKU-22", "1: 1 SKU-32"];
    let first_two = || glass("'LINE-1', 'LINE-2'");
    check(9, vec![first_two()], ["1: 1 SKU-11", "1: 1 SKU-21", "1: 1 SKU-32"]);
    check(9, vec![first_two(), rule("", Consequence::NeverSplit)], all_of_south);
    check(9, vec![first_two(), glass("'LINE-2', 'LINE-3'")], all_of_south);
    check(9, vec![glass("'LINE-2', 'LINE-3'"), first_two()], all_of_south);
    // What nobody has keeps all that it ties together.
    check(
        0,
        vec![first_two(), glass("'LINE-2', 'LINE-3'")],
        ["1: nobody", "1: nobody", "1: nobody"],
    );
    check(0, vec![first_two()], ["1: nobody", "1: nobody", "1: 1 SKU-32"]);
}

#[test]
fn rules_tie_lines_straight_and_by_way_of_others() {
    let lines = (1..=4).map(|id| line(id, 1, Vec::new())).collect();
    let request = order(lines);
    let glass = |skus: &str| rule(&format!("line.sku in [{skus}]"), Consequence::ShipTogether);
    let abroad = || rule("order.country == 'FR'", Consequence::NeverSplit);
    let check = |rules: Vec<Rule>, to: &[u128], expect: &[u128]| {
        let ids = |ids: &[u128]| -> BTreeSet<OrderLineId> {
            ids.iter().map(|id| OrderLineId(Uuid::from_u128(*id))).collect()
        };
        let request = RouteRequest {
            rules,
            ..request.clone()
        };
        assert_eq!(tied(&request, &ids(to)), ids(expect), "{:?} {to:?}", request.rules);
    };
    let (first, second) = (|| glass("'LINE-1', 'LINE-2'"), || glass("'LINE-2', 'LINE-3'"));
    check(vec![], &[1], &[]);
    check(vec![abroad(), rule("", Consequence::MaxParcels(1))], &[1], &[]);
    check(vec![rule("", Consequence::NeverSplit)], &[1], &[1, 2, 3, 4]);
    check(vec![abroad(), first()], &[1], &[1, 2]);
    check(vec![first()], &[3], &[]);
    check(vec![second(), first()], &[1], &[1, 2, 3]);
    check(vec![first(), glass("'LINE-3', 'LINE-4'")], &[4], &[3, 4]);
    check(vec![first()], &[], &[]);
}

/// Three units of the first line and one of the second: North has two and one, South has none and one.
fn nobody_has_all() -> RouteRequest {
    order(vec![
        line(1, 3, vec![alternative(11, vec![component(11, 1, 2)])]),
        line(
            2,
            1,
            vec![
                alternative(21, vec![component(21, 1, 1)]),
                alternative(22, vec![component(22, 2, 1)]),
            ],
        ),
    ])
}

#[test]
fn what_nobody_has_whole_is_not_bought_in_part() {
    let together = || rule("line.sku starts_with 'LINE'", Consequence::ShipTogether);
    assert_eq!(
        told(&route(&nobody_has_all())),
        ["2: 2 SKU-11", "1: nobody", "1: 1 SKU-21"],
        "without a rule"
    );
    for whole in [rule("", Consequence::NeverSplit), together()] {
        let plan = route(&RouteRequest {
            rules: vec![whole],
            ..nobody_has_all()
        });
        assert_eq!(told(&plan), ["3: nobody", "1: nobody"]);
        let why = |line: usize, at: usize| plan.lines[line].rejected[at].why.to_string();
        let north = "the rule “House rule” leaves no room for it: North Textiles can ship 2 of 3 × “Mug”";
        assert_eq!(why(0, 0), north);
        assert_eq!(why(1, 0), north);
        assert!(why(1, 1).ends_with(" can ship 0 of 3 × “Mug”"), "{}", why(1, 1));
    }
    let part = rule("line.sku == 'LINE-1'", Consequence::ShipTogether);
    let plan = route(&RouteRequest {
        rules: vec![part],
        ..nobody_has_all()
    });
    assert_eq!(told(&plan), ["3: nobody", "1: 1 SKU-21"], "the other line is free");
}

#[test]
fn a_person_may_have_a_part_shipped_alone() {
    let mut request = nobody_has_all();
    request.lines[0].forced_offer = Some(offer_id(11));
    request.rules = vec![rule("", Consequence::NeverSplit)];
    assert_eq!(told(&route(&request)), ["2: 2 SKU-11", "1: nobody", "1: 1 SKU-21"]);
}

/// What a person chose goes its own way, and neither drags the rest along nor is held back by it.
#[test]
fn a_choice_by_hand_is_not_bound_by_what_keeps_the_order_together() {
    let both = |id: u128| {
        vec![
            alternative(id, vec![component(id, 1, 9)]),
            alternative(id + 1, vec![component(id + 1, 2, 9)]),
        ]
    };
    let mut chosen = line(1, 1, both(11));
    chosen.forced_offer = Some(offer_id(12));
    // Of the same line another unit is free; the other line is North's alone.
    let rest = line(1, 2, both(11));
    let other = line(2, 1, vec![alternative(21, vec![component(21, 1, 9)])]);
    let mut request = order(vec![chosen, rest, other]);
    for whole in [
        rule("", Consequence::NeverSplit),
        rule("line.sku starts_with 'LINE'", Consequence::ShipTogether),
    ] {
        request.rules = vec![whole];
        for strategy in [Strategy::Priority, super::least_cost::cheapest()] {
            request.strategy = strategy;
            assert_eq!(
                told(&route(&request)),
                ["1: 1 SKU-12", "2: 2 SKU-11", "1: 1 SKU-21"],
                "{:?}",
                request.rules
            );
        }
    }
}

#[test]
fn nothing_is_bought_while_the_rest_waits_for_a_person() {
    let mut request = two_lines();
    let first = request.lines.remove(0);
    request.facts.waiting = vec![LineDemand {
        alternatives: Vec::new(),
        ..first
    }];
    request.rules = vec![rule("", Consequence::NeverSplit)];
    let plan = route(&request);
    assert_eq!(told(&plan), ["1: nobody"]);
    assert_eq!(
        plan.lines[0].rejected[0].why.to_string(),
        "the rule “House rule” has it shipped with “Mug”, which waits for you"
    );
    request.rules = vec![rule("line.sku == 'LINE-2'", Consequence::ShipTogether)];
    assert_eq!(told(&route(&request)), ["1: 1 SKU-22"], "it belongs to no other line");
}

#[test]
fn what_limits_keep_from_being_shipped_is_told() {
    let only = Rule::new(
        "Only North",
        Some("line.sku == 'LINE-1'"),
        Consequence::Only(keys(&["supplier-1"])),
    );
    let plan = splittable(vec![only.expect("a rule"), rule("", Consequence::NeverSplit)]);
    assert_eq!(told(&plan), ["1: nobody", "1: nobody"]);
    let reason = &plan.lines[1].reason;
    assert!(
        reason.contains("the rule “House rule” leaves no room for it beside the rule “Only North”: East Wares can"),
        "{reason}"
    );
}

/// Of many suppliers not every set is tried; the only one that has a line always is.
#[test]
fn a_limit_on_parcels_leaves_room_for_a_supplier_far_down_the_list() {
    let way = |id: u32| alternative(u128::from(id), vec![component(id.into(), id.into(), 10)]);
    let mut last = way(16);
    last.id = crate::ids::AlternativeId(uuid::Uuid::from_u128(99));
    let mut request = order(vec![line(1, 1, (1..=15).map(way).collect()), line(2, 1, vec![last])]);
    request.suppliers = (1..=16).map(|n| terms(n, "Wares")).collect();
    request.rules = vec![rule("", Consequence::MaxParcels(2))];
    assert_eq!(told(&route(&request)), ["1: 1 SKU-1", "1: 1 SKU-16"]);
    request.rules = vec![rule("", Consequence::MaxParcels(1))];
    assert_eq!(told(&route(&request)), ["1: 1 SKU-1", "1: nobody"]);
}
