use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn variant(sku: &str, barcode: &str) -> VariantCodes {
    VariantCodes {
        variant: ShopifyVariantId(1),
        sku: codes::sku_key(sku),
        barcode: codes::gtin_key(barcode),
        sku_is_shared: false,
        barcode_is_shared: false,
    }
}

fn offer(id: u128, sku: &str, barcode: &str) -> Candidate {
    Candidate {
        offer: OfferId(Uuid::from_u128(id)),
        sku: codes::sku_key(sku),
        barcode: codes::gtin_key(barcode),
        sku_is_known: false,
        barcode_is_known: false,
        active: true,
    }
}

/// Each proposal as `offer: code [doubts]`.
fn told(variant: &VariantCodes, candidates: &[Candidate]) -> Vec<String> {
    let tell = |proposal: Proposal| {
        let doubts: Vec<&str> = proposal.doubts.iter().map(|doubt| doubt.as_str()).collect();
        format!("{}: {} {doubts:?}", proposal.offer.0.as_u128(), proposal.by)
    };
    propose(variant, candidates).into_iter().map(tell).collect()
}

const PEN: &str = "4006381333931";
const INK: &str = "4006381333962";

#[test]
fn one_code_on_both_sides_is_certain() {
    assert_eq!(told(&variant("MUG-1", ""), &[offer(1, "mug-1 ", "")]), ["1: sku []"]);
    assert_eq!(told(&variant("MUG-1", PEN), &[offer(1, "N-7", PEN)]), ["1: barcode []"]);
    // Found by both codes, it is proposed once.
    assert_eq!(told(&variant("MUG-1", PEN), &[offer(1, "MUG-1", PEN)]), ["1: sku []"]);
}

#[test]
fn blank_codes_match_nothing() {
    assert_eq!(told(&variant("", ""), &[offer(1, "", "")]), [""; 0]);
    assert_eq!(
        told(&variant("N/A", "0000000000000"), &[offer(1, "n/a", "0000000000000")]),
        [""; 0]
    );
    assert_eq!(
        told(&variant("A", "4006381333932"), &[offer(1, "B", "4006381333932")]),
        [""; 0]
    );
}

#[test]
fn duplicates_on_either_side_are_for_a_person() {
    let two = [offer(1, "MUG-1", ""), offer(2, "MUG-1", "")];
    let expect = ["1: sku [\"several_offers\"]", "2: sku [\"several_offers\"]"];
    assert_eq!(told(&variant("MUG-1", ""), &two), expect);
    let mut shared = variant("MUG-1", "");
    shared.sku_is_shared = true;
    assert_eq!(told(&shared, &two[..1]), ["1: sku [\"several_variants\"]"]);
}

#[test]
fn what_is_sold_no_more_still_has_its_code() {
    let mut old = offer(1, "MUG-1", "");
    old.active = false;
    assert_eq!(told(&variant("MUG-1", ""), std::slice::from_ref(&old)), [""; 0]);
    let now = offer(2, "MUG-1", "");
    assert_eq!(
        told(&variant("MUG-1", ""), &[old, now]),
        ["2: sku [\"several_offers\"]"]
    );
}

#[test]
fn codes_that_contradict_each_other_are_for_a_person() {
    // The same SKU by chance: the barcodes say that these are two things.
    let by_chance = [offer(1, "100", INK)];
    assert_eq!(told(&variant("100", PEN), &by_chance), ["1: sku [\"barcodes_differ\"]"]);
    // The SKU names one offer and the barcode another.
    let two = [offer(1, "100", ""), offer(2, "N-7", PEN)];
    let expect = ["1: sku [\"codes_disagree\"]", "2: barcode [\"codes_disagree\"]"];
    assert_eq!(told(&variant("100", PEN), &two), expect);
}

/// The offer's SKU names one variant and its barcode another: it is one of them at the most.
#[test]
fn an_offer_whose_codes_name_two_variants_is_for_a_person() {
    let mut both = offer(1, "S-1", PEN);
    (both.sku_is_known, both.barcode_is_known) = (true, true);
    let both = [both];
    assert_eq!(told(&variant("S-1", ""), &both), ["1: sku [\"codes_disagree\"]"]);
    assert_eq!(told(&variant("S-9", PEN), &both), ["1: barcode [\"codes_disagree\"]"]);
    assert_eq!(told(&variant("S-1", PEN), &both), ["1: sku []"]);
}

#[test]
fn a_barcode_decides_between_offers_of_one_sku() {
    let two = [offer(1, "100", PEN), offer(2, "100", "")];
    let expect = ["1: barcode []", "2: sku [\"several_offers\", \"codes_disagree\"]"];
    assert_eq!(told(&variant("100", PEN), &two), expect);
}

/// The codes of variants and of offers, by number, and whether an offer is sold.
type Catalogue = (Vec<(u8, u8)>, Vec<(u8, u8, bool)>);

/// A small catalogue, full of duplicates.
fn catalogue() -> impl Strategy<Value = Catalogue> {
    let variants = prop::collection::vec((0u8..5, 0u8..4), 1..8);
    let offers = prop::collection::vec((0u8..5, 0u8..4, prop::bool::weighted(0.8)), 0..8);
    (variants, offers)
}

fn sku(of: u8) -> String {
    if of == 0 { String::new() } else { format!("S-{of}") }
}

fn barcode(of: u8) -> &'static str {
    ["", PEN, INK, "4006381333932"][usize::from(of)]
}

proptest! {
    /// Said again in other words: whatever is certain has a code that is valid, and
    /// stands on no other variant and no other offer of the whole catalogue.
    #[test]
    fn nothing_ambiguous_is_ever_certain((variants, offers) in catalogue()) {
        let all: Vec<Candidate> = offers.iter().zip(1u128..).map(|((code, bars, active), id)| {
            let mut made = offer(id, &sku(*code), barcode(*bars));
            made.active = *active;
            made.sku_is_known = variants.iter().any(|(other, _)| other == code);
            made.barcode_is_known = variants.iter().any(|(_, other)| other == bars);
            made
        }).collect();
        let mut taken: BTreeMap<OfferId, usize> = BTreeMap::new();
        for (at, (code, bars)) in variants.iter().enumerate() {
            let mut codes = variant(&sku(*code), barcode(*bars));
            let others = || variants.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
            codes.sku_is_shared = others().any(|(other, _)| other == code);
            codes.barcode_is_shared = others().any(|(_, other)| other == bars);
            let proposals = propose(&codes, &all);
            prop_assert!(proposals.len() <= MOST_PROPOSALS);
            let certain: Vec<&Proposal> = proposals.iter().filter(|proposal| proposal.is_certain()).collect();
            prop_assert!(certain.len() <= 1);
            for proposal in certain {
                let found = all.iter().find(|candidate| candidate.offer == proposal.offer).expect("it is one of them");
                prop_assert!(found.active);
                match proposal.by {
                    KeyKind::Sku => {
                        prop_assert!(*code != 0 && !codes.sku_is_shared);
                        prop_assert_eq!(offers.iter().filter(|(other, ..)| other == code).count(), 1);
                    }
                    KeyKind::Barcode => {
                        prop_assert!((1..=2).contains(bars) && !codes.barcode_is_shared);
                        prop_assert_eq!(offers.iter().filter(|(_, other, _)| other == bars).count(), 1);
                    }
                    KeyKind::Word => prop_assert!(false, "a title is never certain"),
                }
                *taken.entry(proposal.offer).or_default() += 1;
            }
        }
        prop_assert!(taken.values().all(|times| *times == 1));
    }

    #[test]
    fn the_order_in_which_offers_are_read_does_not_matter((variants, offers) in catalogue()) {
        let mut all: Vec<Candidate> = offers.iter().zip(1u128..).map(|((code, bars, _), id)| offer(id, &sku(*code), barcode(*bars))).collect();
        let codes = variant(&sku(variants[0].0), barcode(variants[0].1));
        let first = propose(&codes, &all);
        all.reverse();
        prop_assert_eq!(first, propose(&codes, &all));
    }
}
