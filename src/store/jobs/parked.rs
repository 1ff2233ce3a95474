//! Jobs that wait because somebody of the outside is left alone.

use sea_orm::{QueryFilter as _, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, WaitsFor, claims::jobs_where};
use crate::{domain::circuit::Subject, store::Tx};

/// Has some of the jobs that wait for a subject done now, those first that would
/// have been first; says how many.
pub async fn wake(tx: &Tx, subject: Subject, most: u64) -> Result<u64, DbErr> {
    let now_ms = tx.lease_now().timestamp_millis();
    // The words stand as they do in the index.
    let waiting = jobs_where(Expr::cust("state = 'ready' and waits_for = 'time'"))
        .and_where(Column::ParkedFor.eq(subject.to_string()))
        .order_by(Column::RunAtMs, sea_orm::Order::Asc)
        .limit(most)
        .to_owned();
    let woken = Entity::update_many()
        .col_expr(Column::WaitsFor, Expr::val(WaitsFor::Turn))
        .col_expr(Column::RunAtMs, Expr::val(now_ms))
        .col_expr(Column::ParkedFor, Expr::val(Option::<String>::None))
        .filter(Column::Id.in_subquery(waiting))
        .exec(tx.conn())
        .await?
        .rows_affected;
    if woken > 0 {
        tx.mark_jobs_added();
    }
    Ok(woken)
}
