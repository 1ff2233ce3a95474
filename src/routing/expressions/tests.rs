//! What conditions mean, and where wrong ones are said to be wrong.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::*;

struct Example {
    tags: Vec<String>,
}

impl Facts for Example {
    fn value(&self, field: Field) -> Option<Value<'_>> {
        match field {
            Field::Country => Some(Value::Text(Cow::Borrowed("DE"))),
            Field::Postcode => Some(Value::Text(Cow::Borrowed("10 115"))),
            Field::Total => Some(Value::Number(Decimal::new(4_999, 2))),
            Field::Tags => Some(Value::List(&self.tags)),
            Field::Dangerous => Some(Value::Flag(true)),
            Field::PromisedIn => Some(Value::Nothing),
            Field::LineSku => Some(Value::Text(Cow::Borrowed("BAT-12"))),
            _ => None,
        }
    }
}

fn holds(text: &str) -> Truth {
    let tags = vec!["Gift".to_owned(), "VIP".to_owned()];
    let expression = Expression::parse(text, Scope::Candidate).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.holds(&Example { tags })
}

#[test]
fn conditions_hold_or_not() {
    for text in [
        "order.country == \"de\"",
        "order.country != 'FR' and order.total < 50",
        "order.total >= 49.99 && order.total <= 49.99",
        "not (order.total > 100)",
        "!(order.country in ['FR', 'IT'])",
        "order.country == 'FR' or \"vip\" in order.tags",
        "line.sku starts_with 'bat'",
        "order.postcode between '10000' and '10199'",
        "order.postcode between '0' and '1'",
        "order.postcode == '10115'",
        "'10-115' == order.postcode",
        "order.postcode in ['20095', '101 15']",
        "order.postcode starts_with '1 011'",
        "order.promised_in_days != 2",
        "not (order.promised_in_days < 2)",
        "not (order.promised_in_days between 0 and 9)",
        "order.total between -5 and 49.99",
        "offer.dangerous_goods",
        "order.country == 'DE' and offer.dangerous_goods",
    ] {
        assert_eq!(holds(text), Truth::Yes, "{text}");
    }
    for text in [
        "order.country == 'FR'",
        "order.postcode between '10116' and '99999'",
        "order.postcode != '10115'",
        "order.postcode starts_with '1 02'",
        "order.promised_in_days < 2",
        "order.promised_in_days >= 2",
        "order.promised_in_days == 2",
        "order.total > 49.99",
        "'none' in order.tags",
        "not offer.dangerous_goods",
        "order.country == 'DE' and (order.total > 50 or line.sku starts_with 'X')",
    ] {
        assert_eq!(holds(text), Truth::No, "{text}");
    }
}

#[test]
fn what_is_not_known_is_neither_true_nor_false() {
    let unknown = Truth::Unknown(Some(Field::OfferWeight));
    assert_eq!(holds("offer.weight_g > 5000"), unknown);
    assert_eq!(holds("not (offer.weight_g > 5000)"), unknown);
    assert_eq!(holds("order.country == 'DE' and offer.weight_g > 5000"), unknown);
    assert_eq!(holds("order.country == 'FR' and offer.weight_g > 5000"), Truth::No);
    assert_eq!(holds("offer.weight_g > 5000 or order.country == 'DE'"), Truth::Yes);
}

fn wrong(text: &str, scope: Scope, at: usize, message: &str) {
    let error = Expression::parse(text, scope).expect_err(text);
    assert_eq!((error.at, error.message.as_str()), (at, message), "{text}");
}

#[test]
fn a_wrong_condition_is_refused_where_it_is_wrong() {
    let all = Scope::Candidate;
    wrong("", all, 1, "something is missing at the end");
    wrong(
        "order.country",
        all,
        1,
        "this is text, not a condition: compare it with something",
    );
    wrong(
        "offer.dangerous_goods == 1",
        all,
        1,
        "a condition cannot be compared so",
    );
    wrong("order.county == 'DE'", all, 1, "there is no “order.county”");
    wrong("order.total > 'DE'", all, 15, "a number should be here, not text");
    wrong("order.country > 'DE'", all, 1, "text cannot be compared so");
    wrong(
        "order.total > 1 and order.total",
        all,
        21,
        "a condition should be here, not a number",
    );
    wrong("order.country in 'DE'", all, 18, "a list should be here, not text");
    wrong(
        "order.country == 'DE",
        all,
        18,
        "the text that begins here has no closing '",
    );
    wrong("order.total > 1.2.3", all, 15, "“1.2.3” is not a number");
    wrong("order.total # 1", all, 13, "“#” means nothing here");
    wrong("(order.total > 1", all, 17, "a closing bracket is missing");
    wrong(
        "order.total > 1 order.total",
        all,
        17,
        "“and”, “or” or the end should be here",
    );
    let upside_down = |field| format!("{field}: the range is upside down, its beginning lies behind its end");
    let range = "order.postcode between '20000' and '10000'";
    wrong(range, all, 24, &upside_down("order.postcode"));
    let ends = "order.postcode: a range of postcodes needs both its ends";
    wrong("order.postcode between '98000' and ''", all, 24, ends);
    wrong("order.postcode between ' ' and '98000'", all, 24, ends);
    wrong("order.total between 2 and 1", all, 21, &upside_down("order.total"));
    let about = "“offer.stock” is not known here: this rule is about the whole order";
    wrong("offer.stock > 1", Scope::Order, 1, about);
}

#[test]
fn length_depth_and_steps_are_bounded() {
    wrong(
        &"a".repeat(1_001),
        Scope::Order,
        1_000,
        "a condition has at most 1000 characters",
    );
    let deep = format!("{}order.total > 1{}", "(".repeat(60), ")".repeat(60));
    wrong(&deep, Scope::Order, 52, "too many brackets within each other");
    let tags = vec!["x".to_owned(); 20_000];
    let expression = Expression::parse("'y' in order.tags", Scope::Order).expect("a condition");
    assert_eq!(expression.holds(&Example { tags }), Truth::Unknown(None));
}

#[test]
fn a_mistake_has_a_line_and_a_column() {
    let text = "order.country == 'DE'\nand ordér.total > 1";
    let error = Expression::parse(text, Scope::Order).expect_err("there is no such field");
    let place = error.place(text);
    assert_eq!((place.offset, place.line, place.column), (26, 2, 5));
    let error = Expression::parse("", Scope::Order).expect_err("nothing");
    assert_eq!(error.place("").column, 1);
}
