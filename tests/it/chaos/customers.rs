//! Orders and what becomes of them: customers and the merchant change their minds at any moment.
//! What an order will live through is drawn when it is made.

use std::time::Duration;

use sandbox::{
    AddressSpec, CancelRequest, EditRequest, FinancialStatus, HoldRequest, OrderSnapshot, OrderSpec, RefundRequest,
    Refused, RestockType,
};

use super::{catalogue::RECIPES, dice::Dice, stage::Stage};

/// Something that happens to an order after it was made.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Pay,
    Cancel,
    Refund,
    Edit,
    Hold,
    Release,
    Move,
    ByHand,
    /// A supplier puts the tracking of its parcels right.
    Correct,
}

/// Lines of a large order: with two suppliers for each they are more than is decided in a transaction.
const LARGE: usize = 60;

/// What one order is and what will be done to it, each after a wait.
struct Script {
    cart: Vec<(&'static str, i64)>,
    is_paid: bool,
    routing_delay_ms: u64,
    deeds: Vec<(Duration, Deed)>,
}

fn script(dice: &mut Dice) -> Script {
    let mut cart = Vec::new();
    for _ in 0..dice.between(1, 3) {
        // Unmapped is rare: an order with it waits for a person anyway.
        let known = dice
            .pick(&RECIPES[..RECIPES.len() - 1])
            .map_or("MUG", |recipe| recipe.sku);
        let sku = if dice.chance(0.02) { "UNMAPPED" } else { known };
        cart.push((sku, dice.units(1, 3)));
    }
    if dice.chance(0.01) {
        cart.extend([("MUG", 1); LARGE]);
    }
    let is_paid = dice.chance(0.85);
    let mut deeds = Vec::new();
    if !is_paid && dice.chance(0.7) {
        deeds.push(Deed::Pay);
    }
    let plots: &[&[Deed]] = &[
        &[],
        &[],
        &[],
        &[],
        &[],
        &[Deed::Cancel],
        &[Deed::Refund],
        &[Deed::Edit],
        &[Deed::Edit, Deed::Refund],
        &[Deed::Edit, Deed::Cancel],
        &[Deed::Hold, Deed::Release],
        &[Deed::Hold, Deed::Cancel],
        &[Deed::Hold],
        &[Deed::Move],
        &[Deed::Correct],
        &[Deed::Correct, Deed::Correct],
    ];
    let plot = dice.pick(plots).copied().unwrap_or_default();
    deeds.extend(plot);
    if dice.chance(0.02) {
        deeds.push(Deed::ByHand);
    }
    let quick = dice.chance(0.5);
    let longest = if quick { 400 } else { 5000 };
    Script {
        cart,
        is_paid,
        routing_delay_ms: if dice.chance(0.2) { dice.between(200, 2000) } else { 20 },
        deeds: deeds
            .into_iter()
            .map(|deed| (Duration::from_millis(dice.between(0, longest)), deed))
            .collect(),
    }
}

/// One order from its making to its last change; gives back its id.
pub async fn live(stage: &Stage, seed: u64, index: u64) -> i64 {
    let mut dice = Dice::of(seed, "order", index);
    let script = script(&mut dice);
    let lines = script.cart.iter().map(|(sku, units)| (stage.variants[sku], *units));
    let spec = OrderSpec {
        financial_status: if script.is_paid {
            FinancialStatus::Paid
        } else {
            FinancialStatus::Pending
        },
        routing_delay_ms: Some(script.routing_delay_ms),
        ..OrderSpec::of(lines)
    };
    let id = stage.shop.create_order(spec).expect("an order");
    let paid = if script.is_paid { "paid" } else { "not paid yet" };
    stage.chronicle.deed(id, format!("ordered: {:?}, {paid}", script.cart));
    if script.is_paid {
        stage.chronicle.deed(id, PAID);
    }
    for (wait, deed) in script.deeds {
        tokio::time::sleep(wait).await;
        let Some(order) = stage.shop.order(id) else { break };
        if matches!(deed, Deed::Correct) {
            stage.chronicle.deed(id, correct(stage, &order.order.name).await);
            continue;
        }
        match carry_out(stage, &order, deed, &mut dice) {
            Ok(what) => stage.chronicle.deed(id, what),
            // Too late, or nothing left: Shopify refuses such things too.
            Err(refused) => stage.chronicle.deed(id, format!("{deed:?} was refused: {refused}")),
        }
    }
    id
}

/// How the chronicle says that an order was paid.
pub const PAID: &str = "paid";

fn carry_out(stage: &Stage, order: &OrderSnapshot, deed: Deed, dice: &mut Dice) -> Result<String, Refused> {
    let (shop, id) = (&stage.shop, order.order.id);
    match deed {
        Deed::Pay => {
            // Before the fact: what follows from it may be quicker than the diary.
            stage.chronicle.deed(id, PAID);
            shop.mark_paid(id).map(|()| "the payment came".to_owned())
        }
        Deed::Cancel => {
            let request = CancelRequest {
                refund: dice.chance(0.7),
                ..CancelRequest::default()
            };
            shop.cancel_order(id, &request)
                .map(|()| format!("cancelled: {request:?}"))
        }
        Deed::Refund => refund(stage, order, dice),
        Deed::Edit => edit(stage, order, dice),
        Deed::Hold => {
            let Some(open) = dice.pick(&order.live().collect::<Vec<_>>()).map(|fo| fo.id) else {
                return Ok("nothing to hold".to_owned());
            };
            shop.hold(open, HoldRequest::default())
                .map(|_| format!("fulfillment order {open} is on hold"))
        }
        Deed::Release => {
            let held: Vec<i64> = order.live().filter(|fo| !fo.holds.is_empty()).map(|fo| fo.id).collect();
            for fulfillment_order in &held {
                shop.release(*fulfillment_order)?;
            }
            Ok(format!("released: {held:?}"))
        }
        Deed::Move => {
            let address = AddressSpec {
                address1: Some(format!("Nebenstraße {}", dice.between(1, 99))),
                ..AddressSpec::default()
            };
            shop.change_address(id, address)
                .map(|()| "the address changed".to_owned())
        }
        Deed::Correct => Ok("a supplier's business".to_owned()),
        Deed::ByHand => {
            let Some(open) = dice.pick(&order.live().collect::<Vec<_>>()).map(|fo| fo.id) else {
                return Ok("nothing to fulfill by hand".to_owned());
            };
            shop.fulfil_by_hand(open, None)
                .map(|made| format!("fulfilled by hand: {made} from {open}"))
        }
    }
}

/// Parcels that Orderyard has get another number.
async fn correct(stage: &Stage, order: &str) -> String {
    let mut corrected = Vec::new();
    for supplier in stage.suppliers.values() {
        for po in supplier.orders_for(order) {
            for parcel in po.parcels.iter().filter(|parcel| parcel.reported) {
                let number = format!("{}-R", parcel.tracking_number);
                let told = supplier.retrack(&po.number, &parcel.reference, "UPS", &number).await;
                corrected.push((number, told.err().map(|error| error.to_string())));
            }
        }
    }
    format!("tracking was corrected: {corrected:?}")
}

/// Units of one line that are still to leave: the line and how many.
fn unshipped(order: &OrderSnapshot, dice: &mut Dice) -> Option<(i64, i64)> {
    let lines = order.live().flat_map(|fo| &fo.lines);
    let open: Vec<_> = lines.filter(|line| line.remaining_quantity > 0).collect();
    dice.pick(&open)
        .map(|line| (line.line_item_id, line.remaining_quantity))
}

fn refund(stage: &Stage, order: &OrderSnapshot, dice: &mut Dice) -> Result<String, Refused> {
    let Some((line, open)) = unshipped(order, dice) else {
        return Ok("nothing to refund".to_owned());
    };
    let units = dice.units(1, open);
    let request = RefundRequest {
        lines: vec![(line, units)],
        restock_type: RestockType::Cancel,
        amount: None,
        note: None,
    };
    let made = stage.shop.refund(order.order.id, &request)?;
    Ok(format!("refund {made}: {units} of line {line}"))
}

fn edit(stage: &Stage, order: &OrderSnapshot, dice: &mut Dice) -> Result<String, Refused> {
    let mut edit = EditRequest::default();
    if let Some((line, open)) = unshipped(order, dice)
        && let Some(known) = order.order.lines.iter().find(|known| known.id == line)
    {
        let delta = if dice.chance(0.5) {
            -dice.units(1, open)
        } else {
            dice.units(1, 2)
        };
        edit.set.push((line, known.current_quantity + delta));
    }
    if dice.chance(0.3)
        && let Some(recipe) = dice.pick(&RECIPES[..RECIPES.len() - 1])
    {
        edit.add.push((stage.variants[recipe.sku], dice.units(1, 2)));
    }
    stage.shop.edit_order(order.order.id, &edit)?;
    Ok(format!("edited: {edit:?}"))
}
