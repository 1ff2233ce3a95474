//! Whether the numbers of a price list or a shipping table can be counted with at all.

use super::{
    plan::RejectedBecause,
    request::OfferFacts,
    terms::{PriceBreak, Shipping, WeightBracket},
};

pub fn brackets(shipping: &Shipping) -> &[WeightBracket] {
    match shipping {
        Shipping::Included | Shipping::NotKnown { .. } => &[],
        Shipping::ByWeight(brackets) => brackets,
    }
}

pub fn brackets_are_sound(shipping: &Shipping) -> bool {
    let Shipping::ByWeight(table) = shipping else {
        return true;
    };
    let rising = table.windows(2).all(|pair| pair[0].up_to_g < pair[1].up_to_g);
    let priced = table
        .iter()
        .all(|bracket| bracket.cost.amount_minor >= 0 && bracket.up_to_g > 0);
    !table.is_empty() && rising && priced
}

pub fn breaks_are_sound(offer: &OfferFacts, breaks: &[PriceBreak]) -> bool {
    let first = PriceBreak {
        from: 1,
        unit_cost: offer.cost,
    };
    let mut before = &first;
    breaks.iter().all(|next| {
        let (low, high) = (before.unit_cost, next.unit_cost);
        let falls = low.currency == high.currency && low.amount_minor >= high.amount_minor && high.amount_minor >= 0;
        let sound = next.from > before.from && falls;
        before = next;
        sound
    })
}

pub fn weight_refusal(offer: &OfferFacts, shipping: &Shipping) -> Option<RejectedBecause> {
    let heaviest = brackets(shipping).last()?;
    let sku = offer.sku.clone();
    match offer.weight_g {
        None => Some(RejectedBecause::WeightUnknown { sku }),
        Some(weight_g) if weight_g > heaviest.up_to_g => Some(RejectedBecause::TooHeavy {
            sku,
            weight_g,
            limit_g: heaviest.up_to_g,
        }),
        Some(_) => None,
    }
}
