//! The supplier's own order book: what it was asked for, what it took, what has left. Knows each
//! purchase order once, however often it is told of it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::RejectReason;

/// A purchase order as the supplier has it.
#[derive(Debug, Clone, Serialize)]
pub struct SupplierOrder {
    /// Orderyard's id.
    pub id: String,
    /// The purchase order number.
    pub number: String,
    /// The supplier's own number.
    pub reference: String,
    pub order_name: String,
    pub ship_to: Value,
    pub lines: Vec<SupplierLine>,
    pub parcels: Vec<Parcel>,
    pub acknowledged: bool,
    /// Nothing of it has left and nothing will.
    pub cancelled: bool,
    /// Units that it was asked not to ship and has not answered for.
    pub cancel_requested: Vec<(String, u32)>,
    /// How many calls told of it, repetitions included.
    pub times_received: u32,
}

impl SupplierOrder {
    /// Units that were taken and have not left, by line id.
    pub fn open_units(&self) -> Vec<(String, u32)> {
        let open = self.lines.iter().map(|line| (line.line_id.clone(), line.open()));
        open.filter(|(_, quantity)| *quantity > 0).collect()
    }

    pub fn is_shipped(&self) -> bool {
        !self.parcels.is_empty() && self.open_units().is_empty()
    }
}

/// A line of a purchase order.
#[derive(Debug, Clone, Serialize)]
pub struct SupplierLine {
    pub line_id: String,
    pub sku: String,
    pub title: String,
    pub quantity: u32,
    pub unit_cost: String,
    pub rejected: u32,
    pub reason: Option<RejectReason>,
    pub cancelled: u32,
    pub shipped: u32,
}

impl SupplierLine {
    fn open(&self) -> u32 {
        let gone = self.rejected + self.cancelled + self.shipped;
        self.quantity.saturating_sub(gone)
    }
}

/// What left in one parcel.
#[derive(Debug, Clone, Serialize)]
pub struct Parcel {
    /// The supplier's name for it, unique per purchase order.
    pub reference: String,
    pub carrier: String,
    pub tracking_number: String,
    pub shipped_at: String,
    /// Line ids and quantities.
    pub lines: Vec<(String, u32)>,
    /// Whether Orderyard has confirmed it.
    pub reported: bool,
}

/// The fields of a purchase order that the supplier reads; it ignores the rest.
#[derive(Debug, Deserialize)]
pub(super) struct PurchaseOrderData {
    pub id: String,
    pub number: String,
    #[serde(default)]
    order_name: String,
    #[serde(default)]
    ship_to: Value,
    #[serde(default)]
    lines: Vec<LineData>,
}

#[derive(Debug, Deserialize)]
struct LineData {
    line_id: String,
    #[serde(default)]
    sku: String,
    #[serde(default)]
    title: String,
    quantity: u32,
    #[serde(default)]
    unit_cost: Value,
}

/// Every order by number, and the answer to every call by `webhook-id`, up to a limit each.
#[derive(Debug)]
pub(super) struct Book {
    orders: BTreeMap<String, SupplierOrder>,
    answers: HashMap<String, (u16, Value)>,
    answered: VecDeque<String>,
    parcels: u32,
    limit: usize,
}

impl Book {
    pub fn new(limit: usize) -> Self {
        Self {
            orders: BTreeMap::new(),
            answers: HashMap::new(),
            answered: VecDeque::new(),
            parcels: 0,
            limit,
        }
    }

    /// No room for another order.
    pub fn is_full(&self) -> bool {
        self.orders.len() >= self.limit
    }

    pub fn all(&self) -> Vec<SupplierOrder> {
        self.orders.values().cloned().collect()
    }

    pub fn of_order(&self, name: &str) -> Vec<SupplierOrder> {
        let orders = self.orders.values().filter(|order| order.order_name == name);
        orders.cloned().collect()
    }

    pub fn get(&self, number: &str) -> Option<&SupplierOrder> {
        self.orders.get(number)
    }

    pub fn get_mut(&mut self, number: &str) -> Option<&mut SupplierOrder> {
        self.orders.get_mut(number)
    }

    /// What was answered to this call before.
    pub fn answered(&mut self, webhook_id: &str, number: &str) -> Option<(u16, Value)> {
        let answer = self.answers.get(webhook_id).cloned()?;
        if let Some(order) = self.orders.get_mut(number) {
            order.times_received += 1;
        }
        Some(answer)
    }

    pub fn remember(&mut self, webhook_id: &str, status: u16, answer: &Value) {
        if self.answered.len() >= self.limit
            && let Some(oldest) = self.answered.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.answered.push_back(webhook_id.to_owned());
        self.answers.insert(webhook_id.to_owned(), (status, answer.clone()));
    }

    /// Enters an order; false when its number is known already.
    pub fn enter(&mut self, data: PurchaseOrderData) -> bool {
        if let Some(known) = self.orders.get_mut(&data.number) {
            known.times_received += 1;
            return false;
        }
        let reference = format!("SO-{}", self.orders.len() + 1);
        let order = SupplierOrder {
            id: data.id,
            number: data.number.clone(),
            reference,
            order_name: data.order_name,
            ship_to: data.ship_to,
            lines: data.lines.into_iter().map(line).collect(),
            parcels: Vec::new(),
            acknowledged: false,
            cancelled: false,
            cancel_requested: Vec::new(),
            times_received: 1,
        };
        self.orders.insert(data.number, order);
        true
    }

    /// Takes over the order as it stands now: quantities and address; units that have left stay.
    pub fn update(&mut self, data: PurchaseOrderData) {
        let Some(known) = self.orders.get_mut(&data.number) else {
            self.enter(data);
            return;
        };
        known.times_received += 1;
        known.ship_to = data.ship_to;
        for new in data.lines {
            match known.lines.iter_mut().find(|line| line.line_id == new.line_id) {
                Some(line) => line.quantity = new.quantity.max(line.shipped),
                None => known.lines.push(line(new)),
            }
        }
    }

    /// Decides on every line: rejects the SKUs in `rejects`, takes the others.
    pub fn decide(&mut self, number: &str, rejects: &BTreeMap<String, RejectReason>) {
        let Some(order) = self.orders.get_mut(number) else {
            return;
        };
        for line in &mut order.lines {
            if let Some(reason) = rejects.get(&line.sku) {
                line.rejected = line.quantity.saturating_sub(line.cancelled);
                line.reason = Some(*reason);
            }
        }
        order.acknowledged = true;
    }

    /// Takes only so many units of a SKU, and all of everything else.
    pub fn fall_short(&mut self, number: &str, sku: &str, units: u32, reason: RejectReason) {
        let Some(order) = self.orders.get_mut(number) else {
            return;
        };
        for line in order.lines.iter_mut().filter(|line| line.sku == sku) {
            line.rejected = line.quantity.saturating_sub(units + line.cancelled);
            line.reason = Some(reason);
        }
        order.acknowledged = true;
    }

    /// Packs units that have not left into a parcel; `None` when there is nothing to pack.
    pub fn pack(
        &mut self,
        number: &str,
        units: &[(String, u32)],
        (carrier, tracking_number): (&str, &str),
        shipped_at: String,
    ) -> Option<Parcel> {
        let order = self.orders.get_mut(number)?;
        if order.cancelled {
            return None;
        }
        let mut packed = Vec::new();
        for (line_id, wanted) in units {
            let Some(line) = order.lines.iter_mut().find(|line| line.line_id == *line_id) else {
                continue;
            };
            let quantity = (*wanted).min(line.open());
            if quantity > 0 {
                line.shipped += quantity;
                packed.push((line_id.clone(), quantity));
            }
        }
        if packed.is_empty() {
            return None;
        }
        let parcel = Parcel {
            reference: format!("{}-{}", order.reference, order.parcels.len() + 1),
            carrier: carrier.to_owned(),
            tracking_number: tracking_number.to_owned(),
            shipped_at,
            lines: packed,
            reported: false,
        };
        order.parcels.push(parcel.clone());
        Some(parcel)
    }

    /// Puts right the tracking of a parcel.
    pub fn retrack(&mut self, number: &str, reference: &str, (carrier, tracking_number): (&str, &str)) {
        let parcels = self.orders.get_mut(number).map(|order| order.parcels.iter_mut());
        for parcel in parcels.into_iter().flatten().filter(|one| one.reference == reference) {
            carrier.clone_into(&mut parcel.carrier);
            tracking_number.clone_into(&mut parcel.tracking_number);
        }
    }

    /// Notes which units it is asked not to ship, given in all, with those that it cancelled before;
    /// none named means all that have not left.
    pub fn ask_to_cancel(&mut self, number: &str, totals: Vec<(String, u32)>) {
        let Some(order) = self.orders.get_mut(number) else {
            return;
        };
        if totals.is_empty() {
            order.cancel_requested = order.open_units();
            return;
        }
        let more = totals.into_iter().filter_map(|(line_id, total)| {
            let known = order.lines.iter().find(|line| line.line_id == line_id);
            let more = total.saturating_sub(known.map_or(0, |line| line.cancelled));
            (more > 0).then_some((line_id, more))
        });
        order.cancel_requested = more.collect();
    }

    /// Cancels what was asked for, if all of it can still be cancelled.
    pub fn cancel(&mut self, number: &str) -> bool {
        let Some(order) = self.orders.get_mut(number) else {
            return true;
        };
        let open: BTreeMap<_, _> = order.open_units().into_iter().collect();
        let wanted = std::mem::take(&mut order.cancel_requested);
        if wanted
            .iter()
            .any(|(line, quantity)| open.get(line).copied().unwrap_or(0) < *quantity)
        {
            return false;
        }
        for (line_id, quantity) in wanted {
            for line in order.lines.iter_mut().filter(|line| line.line_id == line_id) {
                line.cancelled += quantity;
            }
        }
        order.cancelled = order.parcels.is_empty() && order.open_units().is_empty();
        true
    }

    /// Answers a request to cancel with no: everything that is open will be shipped.
    pub fn refuse_to_cancel(&mut self, number: &str) {
        if let Some(order) = self.orders.get_mut(number) {
            order.cancel_requested.clear();
        }
    }

    /// A fresh number for tracking.
    pub fn next_parcel(&mut self) -> u32 {
        self.parcels += 1;
        self.parcels
    }
}

/// The acknowledgement of an order as the contract has it.
pub(super) fn acknowledgement(order: &SupplierOrder) -> Value {
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            let accepted = line.quantity.saturating_sub(line.rejected + line.cancelled);
            let mut answer = json!({ "line_id": line.line_id, "accepted": accepted, "rejected": line.rejected });
            if let Some(reason) = line.reason {
                answer["reason"] = json!(reason);
            }
            answer
        })
        .collect();
    json!({ "reference": order.reference, "lines": lines })
}

/// How an order stands, as the contract has it.
pub(super) fn state(order: &SupplierOrder) -> Value {
    let lines = order.lines.iter().map(|line| {
        let accepted = line.quantity.saturating_sub(line.rejected + line.cancelled);
        let mut state = json!({
            "line_id": line.line_id,
            "accepted": if order.acknowledged { accepted } else { 0 },
            "rejected": line.rejected,
            "cancelled": line.cancelled,
        });
        if let Some(reason) = line.reason {
            state["reason"] = json!(reason);
        }
        state
    });
    let parcels = order.parcels.iter().map(parcel);
    json!({
        "number": order.number,
        "reference": order.reference,
        "lines": lines.collect::<Vec<_>>(),
        "shipments": parcels.collect::<Vec<_>>(),
    })
}

/// A parcel as it is reported.
pub(super) fn parcel(parcel: &Parcel) -> Value {
    let lines: Vec<_> = parcel
        .lines
        .iter()
        .map(|(line_id, quantity)| json!({ "line_id": line_id, "quantity": quantity }))
        .collect();
    json!({
        "reference": parcel.reference,
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "shipped_at": parcel.shipped_at,
        "lines": lines,
    })
}

fn line(data: LineData) -> SupplierLine {
    let unit_cost = data.unit_cost["amount"].as_str().unwrap_or_default().to_owned();
    SupplierLine {
        line_id: data.line_id,
        sku: data.sku,
        title: data.title,
        quantity: data.quantity,
        unit_cost,
        rejected: 0,
        reason: None,
        cancelled: 0,
        shipped: 0,
    }
}
