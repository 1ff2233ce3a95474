//! Shipping zones by province: what a supplier charges, and whether it can be known, goes by the order's province.

use rstest::rstest;
use sandbox::{AddressSpec, OrderSpec};

use super::market::{Case, Market, PLAIN};
use crate::harness::Database;

const NORTH: (usize, usize) = (1, 0);
const EAST: (usize, usize) = (0, 1);

/// North's parcels to California and Hawaii are dear, those to the rest of the country cheap. East has one price.
#[rstest]
#[tokio::test]
async fn a_zone_of_provinces_has_its_own_price(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let zones = "zones: [ { name: West, countries: [US], provinces: [CA, HI], transit_days: 5, \
                 brackets: [ { up_to_g: 5000, cost: '9' } ] }, \
                 { name: States, countries: [US], transit_days: 2, brackets: [ { up_to_g: 5000, cost: '0.50' } ] } ]";
    let case = Case {
        north: ("0", "0", zones),
        ..PLAIN
    };
    market.world.apply(&case.setup()).await;
    for (country, province, expect, alone, told) in [
        ("US", Some("NY"), NORTH, Some("0.50"), None),
        (
            "US",
            Some("CA"),
            EAST,
            Some("9.00"),
            Some("the order would cost 7.00 EUR more with this unit from it"),
        ),
        (
            "US",
            Some("HI"),
            EAST,
            Some("9.00"),
            Some("the order would cost 7.00 EUR more with this unit from it"),
        ),
        (
            "US",
            None,
            EAST,
            None,
            Some("what North charges for shipping depends on the province, which the order does not name"),
        ),
        (
            "CA",
            Some("ON"),
            EAST,
            None,
            Some("none of North's shipping zones has this address in CA"),
        ),
    ] {
        let at = format!("{country} {province:?}");
        let spec = OrderSpec {
            shipping_address: Some(AddressSpec {
                country_code: Some(country.to_owned()),
                province_code: province.map(str::to_owned),
                ..AddressSpec::default()
            }),
            ..market.spec(case)
        };
        assert_eq!(market.bought_for(spec).await, expect, "{at}");
        let line = market.plan().await["lines"][0].clone();
        let north = if expect == NORTH { &line } else { &line["rejected"][0] };
        if expect == EAST {
            assert_eq!(north["summary"], "North (N-MUG)", "{at}");
            assert_eq!(north["reason"].as_str(), told, "{at}");
        }
        assert_eq!(north["alone"]["shipping"]["decimal"].as_str(), alone, "{at}: {north}");
    }
}
