//! Suppliers and their offers.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Planner, Step, Unnamed, not_installed};
use crate::domain::{
    goods::Goods,
    setup::model::{Offer, Supplier, SupplierTerms, WantedOffer, WantedSupplier},
    supplier::{ConnectorKind, SupplierKey},
};

impl Planner<'_> {
    pub(super) fn supplier(&mut self, wanted: &WantedSupplier, unnamed: Unnamed) {
        let now = self.now.suppliers.get(&wanted.key);
        let Some(terms) = self.terms(wanted, now.map(|supplier| &supplier.terms)) else {
            return;
        };
        let key = wanted.key.clone();
        let step = Step::Supplier {
            key: key.clone(),
            terms: terms.clone(),
        };
        self.note(
            format!("supplier {key}"),
            now.map(|supplier| &supplier.terms),
            &terms,
            step,
        );
        let mut offers = now.map(|supplier| supplier.offers.clone()).unwrap_or_default();
        for wanted in &wanted.offers {
            let now = offers.get(&wanted.sku);
            let counted_at = counted_at(wanted, now);
            let offer = merge_offer(wanted, now, counted_at);
            self.offer(&key, &wanted.sku, now, &offer, counted_at);
            offers.insert(wanted.sku.clone(), offer);
        }
        if unnamed == Unnamed::Prune {
            let named: BTreeSet<&str> = wanted.offers.iter().map(|offer| offer.sku.as_str()).collect();
            for (sku, offer) in &mut offers {
                if offer.active && !named.contains(sku.as_str()) {
                    let before = offer.clone();
                    offer.active = false;
                    self.offer(&key, sku, Some(&before), offer, None);
                }
            }
        }
        self.after.suppliers.insert(key, Supplier { terms, offers });
    }

    fn offer(
        &mut self,
        supplier: &SupplierKey,
        sku: &str,
        before: Option<&Offer>,
        offer: &Offer,
        counted_at: Option<DateTime<Utc>>,
    ) {
        let step = Step::Offer {
            supplier: supplier.clone(),
            sku: sku.to_owned(),
            offer: offer.clone(),
            counted_at,
        };
        self.note(format!("offer {supplier} {sku}"), before, offer, step);
    }

    fn terms(&mut self, wanted: &WantedSupplier, now: Option<&SupplierTerms>) -> Option<SupplierTerms> {
        let mut good = true;
        let mut need = |planner: &mut Self, met: bool, message: &str| {
            if !met {
                planner.say(&wanted.origin, message);
                good = false;
            }
        };
        let owner = wanted.owner.as_ref().map(|owner| &owner.value);
        if let Some(domain) = owner {
            let moved = now.is_some_and(|now| now.owner.as_ref() != Some(domain));
            need(
                self,
                !moved,
                "a supplier cannot be given to another shop later; use another key",
            );
            need(self, self.now.shops.contains_key(domain), &not_installed(domain));
        }
        let currency = wanted.currency.or(now.map(|now| now.currency));
        need(
            self,
            currency.is_some(),
            "a new supplier needs a currency, its own or that of an offer",
        );
        let keep = |given: &Option<_>, stored: Option<&Option<_>>| given.clone().or_else(|| stored.cloned().flatten());
        let keep_secret = wanted.secret.clone().or_else(|| now.and_then(|now| now.secret.clone()));
        let (endpoint, secret) = match wanted.connector {
            ConnectorKind::Portal => (None, None),
            ConnectorKind::Http => (keep(&wanted.endpoint, now.map(|now| &now.endpoint)), keep_secret),
        };
        if wanted.connector == ConnectorKind::Http {
            need(self, endpoint.is_some(), "the connector “http” needs settings.endpoint");
            need(
                self,
                secret.is_some(),
                "the connector “http” needs settings.secret, and none is stored yet",
            );
        }
        good.then_some(SupplierTerms {
            name: wanted.name.clone(),
            owner: owner.cloned().or_else(|| now.and_then(|now| now.owner.clone())),
            connector: wanted.connector,
            currency: currency?,
            endpoint,
            secret,
        })
    }
}

/// What is not named stays.
fn goods(wanted: &WantedOffer, now: &Goods) -> Goods {
    Goods {
        dangerous: wanted.dangerous_goods.unwrap_or(now.dangerous),
        minimum_age: wanted.minimum_age.or(now.minimum_age),
        size_mm: wanted.size_mm.or(now.size_mm),
    }
}

/// When the wanted stock was counted, unless a later figure is known.
fn counted_at(wanted: &WantedOffer, now: Option<&Offer>) -> Option<DateTime<Utc>> {
    let at = wanted.counted_at.as_ref()?.value;
    let known = now.and_then(|now| now.counted_at);
    known.is_none_or(|known| known <= at).then_some(at)
}

fn merge_offer(wanted: &WantedOffer, now: Option<&Offer>, counted_at: Option<DateTime<Utc>>) -> Offer {
    // What says when it was counted, and is older than what is known, is not wanted any more.
    let is_older = wanted.counted_at.is_some() && counted_at.is_none();
    Offer {
        title: wanted.title.clone(),
        cost: wanted.cost,
        barcode: wanted
            .barcode
            .clone()
            .or_else(|| now.and_then(|now| now.barcode.clone())),
        stock: (wanted.stock.filter(|_| !is_older)).or_else(|| now.and_then(|now| now.stock)),
        counted_at: counted_at.or_else(|| now.and_then(|now| now.counted_at)),
        weight_g: wanted.weight_g.or_else(|| now.and_then(|now| now.weight_g)),
        goods: goods(wanted, now.map_or(&Goods::default(), |now| &now.goods)),
        ships_to: (wanted.ships_to.clone()).unwrap_or_else(|| now.map(|now| now.ships_to.clone()).unwrap_or_default()),
        price_breaks: (wanted.price_breaks.clone())
            .unwrap_or_else(|| now.map(|now| now.price_breaks.clone()).unwrap_or_default()),
        active: wanted.active,
    }
}
