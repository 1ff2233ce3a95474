//! Orders for which the cheapest plan is known because it was put there, larger
//! than what the search is exact for, and made to mislead it.

use orderyard::routing::RouteRequest;

use crate::{
    instances::{Dice, alternative, component, eur, line, offer},
    shops::{flat, model, request},
};

/// An order and what its cheapest plan costs, in cents.
pub struct Planted {
    pub request: RouteRequest,
    pub optimum: u32,
}

/// Each line has one supplier in the plan that was put there. With its part of that
/// supplier's parcel it costs as much as it costs elsewhere at least, so that every
/// other plan is dearer or as dear; elsewhere the price alone is often lower.
#[must_use]
pub fn by_price(dice: &mut Dice, suppliers: u32, lines: u32) -> Planted {
    let chosen = dice.roll(2, suppliers / 3);
    let parcels: Vec<u32> = (0..suppliers).map(|_| dice.roll(300, 900)).collect();
    let homes: Vec<u32> = (0..lines)
        .map(|at| if at < chosen { at } else { dice.roll(0, chosen - 1) })
        .collect();
    let mut optimum: u32 = parcels[..chosen as usize].iter().sum();
    let lines = homes.iter().zip(1..).map(|(home, at)| {
        let mates = homes.iter().filter(|other| *other == home).count();
        let parcel = parcels[*home as usize];
        // Rounded up, so that the parts make at least the whole.
        let part = parcel.div_ceil(u32::try_from(mates).expect("few"));
        let price = dice.roll(500, 3_000);
        optimum += price;
        let elsewhere = (0..suppliers).filter_map(|n| {
            let more = if n == *home { 0 } else { part + dice.roll(0, 40) };
            (n == *home || dice.chance(60)).then_some((n, price + more))
        });
        let ways = elsewhere.map(|(n, cents)| {
            let id = at * 1_000 + n;
            alternative(id, vec![component(offer(id, n + 1, eur(cents.into()), 100), 1)])
        });
        line(at, 1, ways.collect())
    });
    let lines = lines.collect();
    let costs = parcels.iter().zip(1..).map(|(cents, n)| flat(n, *cents));
    Planted {
        request: request(lines, model(costs.collect())),
        optimum,
    }
}

/// Set cover: goods cost the same everywhere and every parcel costs the same. Some
/// suppliers share out the order evenly; all others have as many lines, any.
#[must_use]
pub fn by_cover(dice: &mut Dice, suppliers: u32, lines: u32) -> Planted {
    const PRICE: u32 = 100;
    const PARCEL: u32 = 500;
    let each = dice.roll(3, 6);
    let chosen = lines / each;
    let lines = chosen * each;
    let mut has: Vec<Vec<u32>> = (0..chosen)
        .map(|home| (home * each..(home + 1) * each).collect())
        .collect();
    for _ in chosen..suppliers.max(chosen * 2) {
        let mut any: Vec<u32> = Vec::new();
        while any.len() < each as usize {
            let at = dice.roll(0, lines - 1);
            if !any.contains(&at) {
                any.push(at);
            }
        }
        has.push(any);
    }
    // Their numbers must not give them away.
    for last in (1..has.len()).rev() {
        has.swap(last, dice.roll(0, u32::try_from(last).expect("few")) as usize);
    }
    let costs = (1..).zip(&has).map(|(n, _)| flat(n, PARCEL)).collect();
    let lines_of = (0..lines).map(|at| {
        let suppliers = (1..).zip(&has).filter(|(_, has)| has.contains(&at));
        let ways = suppliers.map(|(n, _)| {
            let id = (at + 1) * 1_000 + n;
            alternative(id, vec![component(offer(id, n, eur(PRICE.into()), 100), 1)])
        });
        line(at + 1, 1, ways.collect())
    });
    Planted {
        request: request(lines_of.collect(), model(costs)),
        optimum: lines * PRICE + chosen * PARCEL,
    }
}
