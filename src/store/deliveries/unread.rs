//! Which deliveries are read next: those of all shops by turns, each shop's oldest first, so that no shop
//! waits for what another one has waiting. `status = 'received'` stands as it does in the index, which a
//! bound value would not meet.

use sea_orm::{DbBackend, Statement, entity::prelude::*};

use super::{Entity, Model};
use crate::{ids::DeliveryId, store::Tx};

/// Some of the domains for which deliveries are unread, in their order, after one. A read, so that an idle
/// worker never takes the writer; from one domain to the next, so that it costs the same however many wait.
pub async fn domains(db: &impl ConnectionTrait, after: &str, limit: u64) -> Result<Vec<String>, DbErr> {
    let next = |after: &str| {
        format!(
            "select shop_domain from deliveries where status = 'received' and shop_domain > {after}
             order by shop_domain limit 1"
        )
    };
    let sql = format!(
        "with recursive turn(domain, number) as (
           select ({}), 1 union all
           select ({}), turn.number + 1 from turn where turn.domain is not null and turn.number < cast($2 as bigint))
         select domain from turn where domain is not null",
        next("$1"),
        next("turn.domain")
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [after.into(), limit.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Unread deliveries of these domains, the oldest of each, locked against other nodes: as many of one as
/// of another, and where some have fewer, more of the others.
pub async fn of(tx: &Tx, domains: &[String], limit: usize) -> Result<Vec<Model>, DbErr> {
    let mut found = Vec::new();
    let begin = |domain: &String| (domain.clone(), DeliveryId(Uuid::nil()));
    let mut open: Vec<(String, DeliveryId)> = domains.iter().take(limit).map(begin).collect();
    loop {
        let each = (limit - found.len()).checked_div(open.len()).unwrap_or(0);
        if each == 0 {
            break;
        }
        let rows = next(tx, &open, each).await?;
        open.retain_mut(|(domain, last)| {
            let ids = rows.iter().filter(|row| row.shop_domain == *domain).map(|row| row.id);
            *last = ids.clone().max().unwrap_or(*last);
            ids.count() == each
        });
        found.extend(rows);
    }
    found.sort_by_key(|row| row.id);
    Ok(found)
}

/// Stored bytes in one look, or one delivery: bodies are unpacked one by one, but read together.
const MOST_BYTES: i64 = 16 * 1024 * 1024;

/// So many of each domain, after its last, as far as their bodies fit.
async fn next(tx: &Tx, open: &[(String, DeliveryId)], each: usize) -> Result<Vec<Model>, DbErr> {
    let backend = tx.conn().get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        "select * from (
           select d.*, sum(octet_length(d.body)) over (order by d.id) - octet_length(d.body) as before
           from json_array_elements($1::json) t cross join lateral (
             select * from deliveries i
             where i.status = 'received' and i.shop_domain = t->>0 and i.id > cast(t->>1 as uuid)
             order by i.id limit $2 for update skip locked) d) found
         where before < $3 or before is null"
    } else {
        "select * from deliveries where id in (
           select id from (
             select d.id, sum(length(d.body)) over (order by d.id) - length(d.body) as before
             from json_each($1) t cross join deliveries d on d.id in (
               select i.id from deliveries i
               where i.status = 'received' and i.shop_domain = t.value->>0 and i.id > unhex(t.value->>1)
               order by i.id limit $2))
           where before < $3 or before is null)"
    };
    let open: Vec<[String; 2]> = open
        .iter()
        .map(|(domain, last)| [domain.clone(), last.0.simple().to_string()])
        .collect();
    let open = serde_json::to_string(&open).map_err(|error| DbErr::Json(error.to_string()))?;
    let each = i64::try_from(each).unwrap_or(i64::MAX);
    let statement = Statement::from_sql_and_values(backend, sql, [open.into(), each.into(), MOST_BYTES.into()]);
    Entity::find().from_raw_sql(statement).all(tx.conn()).await
}
