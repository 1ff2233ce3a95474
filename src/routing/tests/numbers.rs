//! The least-cost strategy at the edges of what is counted: goods that weigh nothing.

use super::{
    least_cost::{by_weight, costs, offered, total, with_model},
    *,
};

fn weighing(weight_g: u32, mut way: Alternative) -> Alternative {
    way.components[0].offer.weight_g = Some(weight_g);
    way
}

/// What weighs nothing needs a parcel, and makes no other dearer.
#[test]
fn a_sticker_of_no_weight_goes_with_a_full_parcel() {
    let plan = |stickers| {
        let request = order(vec![
            line(1, 1, vec![weighing(2_000, offered(11, 1, 1_000))]),
            line(
                2,
                stickers,
                vec![weighing(0, offered(21, 1, 100)), weighing(0, offered(22, 2, 100))],
            ),
        ]);
        route(&with_model(request, |model| {
            model.suppliers[0].shipping = by_weight(&[(2_000, 400), (31_500, 900)]);
        }))
    };
    for stickers in [1, 7_000] {
        let plan = plan(stickers);
        let with_it = format!("{stickers}: {stickers} SKU-21");
        assert_eq!(told(&plan), ["1: 1 SKU-11".to_owned(), with_it]);
        let landed = plan.landed.as_ref().expect("landed");
        assert_eq!(landed.total, eur(1_000 + 100 * i64::from(stickers) + 300 + 400));
        assert_eq!(landed.gap, eur(0));
    }
}

#[test]
fn stickers_alone_pay_for_the_lightest_parcel() {
    let ways = vec![weighing(0, offered(11, 1, 100)), weighing(1, offered(12, 2, 100))];
    let request = order(vec![line(1, 3, ways)]);
    let plan = route(&with_model(request, |model| {
        model.suppliers = vec![costs(1, 0), costs(2, 0)];
        model.suppliers[0].shipping = by_weight(&[(2, 150), (31_500, 900)]);
        model.suppliers[1].shipping = by_weight(&[(2, 100), (31_500, 900)]);
    }));
    assert_eq!(told(&plan), ["3: 3 SKU-11"]);
    assert_eq!(total(&plan), 300 + 150);
}
