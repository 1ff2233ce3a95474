//! Whose turn it is: the order in which waiting jobs are taken.
//!
//! Each shop has a lane. Turns go round the lanes that have something waiting,
//! so that a shop with one job waits for one round and not for another shop's
//! ten thousand. Within a lane the longest waiting job goes first, but work on
//! one key is strictly serial, the oldest `triggered_at` first.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    ids::JobId,
    store::{
        Tx,
        jobs::{
            Model, Priority,
            claims::{self, Candidate, Waiting},
        },
    },
};

/// More candidates than turns in a lane: some may be behind others of their key.
const SPARE: u64 = 4;

/// Where this worker is in the round.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    /// How often something was taken.
    count: u64,
    /// The lane that had the last turn, by priority.
    last: BTreeMap<Priority, i64>,
    /// Lanes that are passed over, and until when; by whether that is so for background work alone.
    paused: BTreeMap<(i64, bool), i64>,
}

/// A lane that is to be left alone for a while: its shop's API asked to slow
/// down, and each of its jobs would only find that out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub lane: i64,
    pub until_ms: i64,
    /// [`Priority::Background`] work steps back before others have to, and for
    /// their sake: its wait is not theirs.
    pub background_only: bool,
}

/// How often a round of lanes is walked on where all it met were paused.
const MOST_WALKS: u32 = 8;

/// For whom jobs are taken, and how many. Milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub lease_id: Uuid,
    pub now_ms: i64,
    /// How long each is leased.
    pub lease: Duration,
    pub jobs: u64,
    /// Of these, how many may be [`Priority::Background`].
    pub background: u64,
}

impl Turns {
    /// Leases what is next. Says whether there may be more to take.
    pub async fn take(&mut self, tx: &Tx, wanted: Wanted) -> Result<(Vec<Model>, bool), DbErr> {
        let mut waiting = claims::waiting(tx.conn()).await?;
        let mut more = false;
        if waiting.next_due_ms.is_some_and(|due| due <= wanted.now_ms) {
            claims::fall_due(tx, wanted.now_ms).await?;
            waiting = claims::waiting(tx.conn()).await?;
        }
        let mut taken: Vec<Model> = Vec::new();
        self.count += 1;
        for priority in order(self.count) {
            let mut room = wanted.jobs.saturating_sub(taken.len() as u64);
            if priority == Priority::Background {
                room = room.min(wanted.background);
            }
            if room == 0 || !waiting.priorities.contains(&priority) {
                continue;
            }
            let visited = self.visit(tx, priority, room, wanted.now_ms).await?;
            if visited.is_empty() {
                continue;
            }
            let jobs = take_of(tx, priority, &visited, wanted).await?;
            more |= !jobs.is_empty();
            taken.extend(jobs);
        }
        Ok((taken, more))
    }

    /// Has a lane passed over for a while, but for what somebody waits for.
    pub fn pause(&mut self, pause: Pause) {
        self.paused.insert((pause.lane, pause.background_only), pause.until_ms);
    }

    fn is_paused(&self, lane: i64, priority: Priority) -> bool {
        let passed_over = |background_only| self.paused.contains_key(&(lane, background_only));
        match priority {
            Priority::Soon => false,
            Priority::Usual => passed_over(false),
            Priority::Background => passed_over(false) || passed_over(true),
        }
    }

    /// The lanes whose turn it is, from where the last round ended.
    async fn visit(&mut self, tx: &Tx, priority: Priority, room: u64, now_ms: i64) -> Result<Vec<i64>, DbErr> {
        self.paused.retain(|_, until_ms| *until_ms > now_ms);
        let mut visited = Vec::new();
        for _ in 0..MOST_WALKS {
            let after = self.last.get(&priority).copied().unwrap_or(i64::MIN);
            let walked = claims::walk(tx, priority, after, room).await?;
            let Some(last) = walked.last() else { break };
            self.last.insert(priority, *last);
            let came_round = walked.iter().collect::<BTreeSet<_>>().len() < walked.len();
            visited.extend(walked.into_iter().filter(|lane| !self.is_paused(*lane, priority)));
            if came_round || visited.len() as u64 >= room {
                break;
            }
        }
        visited.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        Ok(visited)
    }
}

/// Strictly by priority most of the time; every fourth time what is usual goes
/// first, and every eighth what may take its time.
fn order(count: u64) -> [Priority; 3] {
    use Priority::{Background, Soon, Usual};
    match count % 8 {
        0 => [Background, Soon, Usual],
        4 => [Usual, Soon, Background],
        _ => [Soon, Usual, Background],
    }
}

async fn take_of(tx: &Tx, priority: Priority, visited: &[i64], wanted: Wanted) -> Result<Vec<Model>, DbErr> {
    let mut turns: BTreeMap<i64, u64> = BTreeMap::new();
    for lane in visited {
        *turns.entry(*lane).or_default() += 1;
    }
    let lanes: Vec<i64> = turns.keys().copied().collect();
    let each = turns.values().max().copied().unwrap_or(0) + SPARE;
    let candidates = claims::candidates(tx, priority, &lanes, each).await?;
    let choice = choose(&turns, each, &candidates);
    let jobs = claims::lease(tx, &choice.take, wanted.lease_id, wanted.lease).await?;
    claims::set_aside(tx, &choice.behind).await?;
    Ok(jobs)
}

/// What to take, and what to put out of the way.
#[derive(Debug, Default, PartialEq, Eq)]
struct Choice {
    take: Vec<JobId>,
    /// With their keys.
    behind: Vec<(JobId, String)>,
}

/// Gives each lane its turns. A candidate that has older work before it on its
/// key has that done in its stead; one that is behind running work is passed
/// over, and put out of the way where it and its like fill the lane's window.
fn choose(turns: &BTreeMap<i64, u64>, window: u64, candidates: &[Candidate]) -> Choice {
    let mut left = turns.clone();
    let mut seen: BTreeMap<i64, u64> = BTreeMap::new();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    let mut behind: Vec<(&Candidate, &str)> = Vec::new();
    let mut choice = Choice::default();
    for candidate in candidates {
        *seen.entry(candidate.lane).or_default() += 1;
        let Some(left) = left.get_mut(&candidate.lane) else {
            continue;
        };
        let Some(key) = candidate.serial_key.as_deref() else {
            if *left > 0 {
                *left -= 1;
                choice.take.push(candidate.id);
            }
            continue;
        };
        let first = candidate.first_id.unwrap_or(candidate.id);
        let is_free = candidate.running_id.is_none() && !keys.contains(key);
        if is_free && *left > 0 {
            *left -= 1;
            keys.insert(key);
            choice.take.push(first);
        }
        let is_taken = choice.take.contains(&candidate.id);
        if !is_taken && (candidate.running_id.is_some() || keys.contains(key)) {
            behind.push((candidate, key));
        }
    }
    choice.behind = behind
        .into_iter()
        .filter(|(candidate, _)| {
            let lane = candidate.lane;
            left.get(&lane).is_some_and(|left| *left > 0) && seen.get(&lane).is_some_and(|seen| *seen >= window)
        })
        .map(|(candidate, key)| (candidate.id, key.to_owned()))
        .collect();
    choice
}

/// Whether anything could be taken now.
#[must_use]
pub fn is_work(waiting: &Waiting, now_ms: i64) -> bool {
    !waiting.priorities.is_empty() || waiting.next_due_ms.is_some_and(|due| due <= now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(number: u128, lane: i64, key: Option<&str>) -> Candidate {
        Candidate {
            id: id(number),
            lane,
            serial_key: key.map(str::to_owned),
            running_id: None,
            first_id: key.map(|_| id(number)),
        }
    }

    fn id(number: u128) -> JobId {
        JobId(Uuid::from_u128(number))
    }

    fn turns(lanes: &[(i64, u64)]) -> BTreeMap<i64, u64> {
        lanes.iter().copied().collect()
    }

    #[test]
    fn each_lane_has_its_turns() {
        let waiting = [
            candidate(1, 7, None),
            candidate(2, 7, Some("a")),
            candidate(3, 7, Some("b")),
            candidate(4, 8, None),
        ];
        let choice = choose(&turns(&[(7, 2), (8, 1)]), 9, &waiting);
        assert_eq!(choice.take, [id(1), id(2), id(4)]);
        assert!(choice.behind.is_empty());
    }

    #[test]
    fn a_key_has_one_turn_and_its_oldest_job_takes_it() {
        let mut second = candidate(2, 7, Some("a"));
        let mut third = candidate(3, 7, Some("a"));
        let running = Candidate {
            running_id: Some(id(90)),
            ..candidate(4, 7, Some("b"))
        };
        // The oldest is elsewhere: in another lane, or of another priority.
        second.first_id = Some(id(80));
        third.first_id = Some(id(80));
        let waiting = [second, third, running, candidate(5, 7, None)];
        let choice = choose(&turns(&[(7, 3)]), 9, &waiting);
        assert_eq!(choice.take, [id(80), id(5)]);
        assert!(choice.behind.is_empty(), "the window shows everything");
    }

    #[test]
    fn what_fills_the_window_behind_others_is_put_out_of_the_way() {
        let mut waiting: Vec<Candidate> = (2..5).map(|number| candidate(number, 7, Some("a"))).collect();
        for behind in &mut waiting {
            behind.first_id = Some(id(2));
        }
        let choice = choose(&turns(&[(7, 2)]), 3, &waiting);
        assert_eq!(choice.take, [id(2)]);
        assert_eq!(choice.behind, [(id(3), "a".to_owned()), (id(4), "a".to_owned())]);
    }

    #[test]
    fn every_priority_goes_first_at_times() {
        let firsts: Vec<Priority> = (1..=8).map(|count| order(count)[0]).collect();
        assert_eq!(firsts.iter().filter(|first| **first == Priority::Soon).count(), 6);
        assert!(firsts.contains(&Priority::Usual) && firsts.contains(&Priority::Background));
    }
}
