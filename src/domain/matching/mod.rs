//! Which offer is a variant, told by codes that both carry.
//!
//! A proposal is certain only when one code names one variant of the shop and
//! one offer of its suppliers, and no other code says otherwise. Everything
//! else is for a person to decide, with the reasons for doubt.

pub mod codes;
pub mod titles;

use std::collections::BTreeSet;

use super::text_enum::text_enum;
use crate::ids::{OfferId, ShopifyVariantId};

text_enum! {
    /// What an offer can be looked up by.
    pub enum KeyKind {
        Sku = "sku",
        /// A GTIN whose check digit is right.
        Barcode = "barcode",
        /// One word of the title.
        Word = "word",
    }
}

text_enum! {
    /// Why a match is not certain.
    pub enum Doubt {
        /// The code stands on several of the shop's variants.
        SeveralVariants = "several_variants",
        /// Several offers carry the code.
        SeveralOffers = "several_offers",
        /// The SKU is the same, but both have barcodes and they differ.
        BarcodesDiffer = "barcodes_differ",
        /// The SKU names one thing, the barcode another: one offer and another, or one variant and another.
        CodesDisagree = "codes_disagree",
    }
}

text_enum! {
    /// Where a proposal stands.
    pub enum ProposalStatus {
        Open = "open",
        /// Not proposed again.
        Refused = "refused",
    }
}

/// A variant's codes, as they are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantCodes {
    pub variant: ShopifyVariantId,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    /// Whether another variant of the shop has the same code.
    pub sku_is_shared: bool,
    pub barcode_is_shared: bool,
}

/// An offer that carries one of the variant's codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub offer: OfferId,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    /// Whether the shop has variants with its SKU, and with its barcode.
    pub sku_is_known: bool,
    pub barcode_is_known: bool,
    /// What is not sold any more is not proposed, but its code is still taken.
    pub active: bool,
}

/// An offer that may be the variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub variant: ShopifyVariantId,
    pub offer: OfferId,
    pub by: KeyKind,
    /// The code that both carry.
    pub key: String,
    /// None of them: it is certain.
    pub doubts: Vec<Doubt>,
}

impl Proposal {
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// Proposals for one variant at most: more would not help anybody to choose.
pub const MOST_PROPOSALS: usize = 5;

/// What the offers with a variant's codes say, the likelier first. At most one of them is certain.
#[must_use]
pub fn propose(variant: &VariantCodes, candidates: &[Candidate]) -> Vec<Proposal> {
    let carrying = |key: &Option<String>, of: fn(&Candidate) -> &Option<String>| -> Vec<&Candidate> {
        let mut found: Vec<&Candidate> = candidates
            .iter()
            .filter(|candidate| key.is_some() && of(candidate) == key)
            .collect();
        found.sort_by_key(|candidate| candidate.offer);
        found.dedup_by_key(|candidate| candidate.offer);
        found
    };
    let by_sku = carrying(&variant.sku, |candidate| &candidate.sku);
    let by_barcode = carrying(&variant.barcode, |candidate| &candidate.barcode);
    let mut proposals = Vec::new();
    for (by, key, found, other) in [
        (KeyKind::Sku, &variant.sku, &by_sku, &by_barcode),
        (KeyKind::Barcode, &variant.barcode, &by_barcode, &by_sku),
    ] {
        let Some(key) = key else { continue };
        for candidate in found.iter().filter(|candidate| candidate.active) {
            proposals.push(Proposal {
                variant: variant.variant,
                offer: candidate.offer,
                by,
                key: key.clone(),
                doubts: doubts(variant, by, candidate, found, other),
            });
        }
    }
    // Of an offer that is found by both codes, the surer finding stands.
    proposals.sort_by_key(|proposal| (proposal.doubts.len(), proposal.by, proposal.offer));
    let mut seen = BTreeSet::new();
    proposals.retain(|proposal| seen.insert(proposal.offer));
    proposals.truncate(MOST_PROPOSALS);
    proposals
}

fn doubts(
    variant: &VariantCodes,
    by: KeyKind,
    candidate: &Candidate,
    found: &[&Candidate],
    other: &[&Candidate],
) -> Vec<Doubt> {
    let is_shared = match by {
        KeyKind::Sku => variant.sku_is_shared,
        KeyKind::Barcode | KeyKind::Word => variant.barcode_is_shared,
    };
    let names_another = match by {
        KeyKind::Sku => candidate.barcode_is_known && candidate.barcode != variant.barcode,
        KeyKind::Barcode | KeyKind::Word => candidate.sku_is_known && candidate.sku != variant.sku,
    };
    let differ = matches!((&variant.barcode, &candidate.barcode), (Some(one), Some(two)) if one != two);
    let is_elsewhere = !other.is_empty() && other.iter().all(|found| found.offer != candidate.offer);
    [
        (is_shared, Doubt::SeveralVariants),
        (found.len() > 1, Doubt::SeveralOffers),
        (differ, Doubt::BarcodesDiffer),
        (is_elsewhere || names_another, Doubt::CodesDisagree),
    ]
    .into_iter()
    .filter_map(|(holds, doubt)| holds.then_some(doubt))
    .collect()
}

#[cfg(test)]
mod tests;
