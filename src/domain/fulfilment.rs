//! Which units of which order lines a parcel completes.
//!
//! A kit unit is one unit to Shopify: it is fulfilled when its last component
//! ships, with the earlier parcels' numbers included; a shop may choose the
//! first component instead (DESIGN, section 4, "Kits").

use std::collections::{BTreeMap, BTreeSet};

use super::{shop::KitFulfillment, text_enum::text_enum};
use crate::ids::{AllocationGroupId, OrderLineId, ShipmentId};

text_enum! {
    /// How far a parcel is on its way into Shopify.
    pub enum ShipmentState {
        Recorded = "recorded",
        /// It completes no unit yet: other components are to come.
        WaitingForKit = "waiting_for_kit",
        Pushing = "pushing",
        Fulfilled = "fulfilled",
        Failed = "failed",
    }
}

text_enum! {
    pub enum FulfillmentStatus {
        /// Claimed by an Intent whose outcome is open.
        Pending = "pending",
        Done = "done",
        Refused = "refused",
    }
}

/// One component of some units of an order line, and what has shipped of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippedComponent {
    pub line: OrderLineId,
    pub group: AllocationGroupId,
    /// Order-line units that the group makes.
    pub units: u32,
    /// Offer units of this component in one order-line unit.
    pub per_unit: u32,
    /// Offer units by parcel, the oldest first.
    pub shipped: Vec<(ShipmentId, u32)>,
}

impl ShippedComponent {
    fn shipped_total(&self) -> u32 {
        self.shipped.iter().map(|(_, quantity)| quantity).sum()
    }
}

/// What one line can be fulfilled with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// Order-line units that are complete.
    pub units: u32,
    /// The parcels that carry them.
    pub shipments: BTreeSet<ShipmentId>,
}

/// Sums the complete units of every line.
#[must_use]
pub fn completed(components: &[ShippedComponent], rule: KitFulfillment) -> BTreeMap<OrderLineId, Completed> {
    let mut groups: BTreeMap<(OrderLineId, AllocationGroupId), Vec<&ShippedComponent>> = BTreeMap::new();
    for component in components {
        groups
            .entry((component.line, component.group))
            .or_default()
            .push(component);
    }
    let mut lines: BTreeMap<OrderLineId, Completed> = BTreeMap::new();
    for ((line, _), parts) in groups {
        let done = parts.iter().map(|part| part.shipped_total() / part.per_unit.max(1));
        let begun = parts
            .iter()
            .map(|part| part.shipped_total().div_ceil(part.per_unit.max(1)));
        let units = match rule {
            KitFulfillment::LastComponent => done.min(),
            KitFulfillment::FirstComponent if parts.len() > 1 => begun.max(),
            KitFulfillment::FirstComponent => done.max(),
        };
        let cap = parts.iter().map(|part| part.units).max().unwrap_or(0);
        let units = units.unwrap_or(0).min(cap);
        let entry = lines.entry(line).or_default();
        entry.units += units;
        if units > 0 {
            entry
                .shipments
                .extend(parts.iter().flat_map(|part| part.shipped.iter().map(|(id, _)| *id)));
        }
    }
    lines
}

/// What each parcel completes: the units that were not complete with the parcels before it.
///
/// The parcels named with them are its own and those that waited for it, each once per line.
#[must_use]
pub fn completed_by_parcel(
    components: &[ShippedComponent],
    rule: KitFulfillment,
) -> BTreeMap<ShipmentId, BTreeMap<OrderLineId, Completed>> {
    let parcels: BTreeSet<ShipmentId> = components
        .iter()
        .flat_map(|part| part.shipped.iter().map(|(id, _)| *id))
        .collect();
    let mut told: BTreeMap<OrderLineId, Completed> = BTreeMap::new();
    let mut by_parcel = BTreeMap::new();
    for last in parcels {
        let mut added = BTreeMap::new();
        for (line, now) in completed(&until(components, last), rule) {
            let before = told.entry(line).or_default();
            let units = now.units.saturating_sub(before.units);
            if units > 0 {
                let shipments: BTreeSet<_> = now.shipments.difference(&before.shipments).copied().collect();
                before.units = now.units;
                before.shipments.extend(&shipments);
                added.insert(line, Completed { units, shipments });
            }
        }
        by_parcel.insert(last, added);
    }
    by_parcel
}

/// The components as they stood when a parcel had left and no later one.
fn until(components: &[ShippedComponent], last: ShipmentId) -> Vec<ShippedComponent> {
    let mut components = components.to_vec();
    for component in &mut components {
        component.shipped.retain(|(id, _)| *id <= last);
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit(line: OrderLineId, units: u32, shipped: [&[(ShipmentId, u32)]; 2]) -> Vec<ShippedComponent> {
        let group = AllocationGroupId::generate();
        shipped
            .into_iter()
            .zip([1, 2])
            .map(|(shipped, per_unit)| ShippedComponent {
                line,
                group,
                units,
                per_unit,
                shipped: shipped.to_vec(),
            })
            .collect()
    }

    #[test]
    fn a_kit_is_complete_with_its_last_component_and_names_both_parcels() {
        let (line, first, second) = (OrderLineId::generate(), ShipmentId::generate(), ShipmentId::generate());
        let half = kit(line, 2, [&[(first, 2)], &[]]);
        assert_eq!(completed(&half, KitFulfillment::LastComponent)[&line].units, 0);
        assert_eq!(completed(&half, KitFulfillment::FirstComponent)[&line].units, 2);
        let whole = kit(line, 2, [&[(first, 2)], &[(second, 4)]]);
        let done = &completed(&whole, KitFulfillment::LastComponent)[&line];
        assert_eq!(done.units, 2);
        assert_eq!(done.shipments, BTreeSet::from([first, second]));
    }

    #[test]
    fn each_parcel_completes_its_own_units() {
        let (line, first, second) = (OrderLineId::generate(), ShipmentId::generate(), ShipmentId::generate());
        let both = [ShippedComponent {
            line,
            group: AllocationGroupId::generate(),
            units: 2,
            per_unit: 1,
            shipped: vec![(first, 1), (second, 1)],
        }];
        let by_parcel = completed_by_parcel(&both, KitFulfillment::LastComponent);
        for parcel in [first, second] {
            let expect = Completed {
                units: 1,
                shipments: BTreeSet::from([parcel]),
            };
            assert_eq!(by_parcel[&parcel], BTreeMap::from([(line, expect)]));
        }
    }

    #[test]
    fn a_parcel_that_waited_is_named_with_the_one_that_completes() {
        let line = OrderLineId::generate();
        let [first, second, third] = [(); 3].map(|()| ShipmentId::generate());
        // The first parcel is a whole kit, the second half of one, the third its other half.
        let parts = kit(line, 2, [&[(first, 1), (second, 1)], &[(first, 2), (third, 2)]]);
        let by_parcel = completed_by_parcel(&parts, KitFulfillment::LastComponent);
        assert_eq!(by_parcel[&first][&line].units, 1);
        assert!(by_parcel[&second].is_empty());
        let expect = Completed {
            units: 1,
            shipments: BTreeSet::from([second, third]),
        };
        assert_eq!(by_parcel[&third][&line], expect);
    }
}
