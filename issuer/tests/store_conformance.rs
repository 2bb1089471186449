//! What every store must do, races included: each rule runs against SQLite in a file and against PostgreSQL.

mod codes;
mod devices;
mod interactions;
mod keys;
mod logouts;
mod model;
mod passwords;
mod refresh;
mod refresh_races;
mod revocations;
mod rows;
mod schema;
mod sessions;
mod sweep;

use std::sync::Arc;

use evergrant_issuer::{SqliteStore, Store};
use tokio::task::JoinSet;

use crate::support::{Database, Postgres};

/// A store that was empty when its rule began.
struct Opened {
    store: Arc<dyn Store>,
    place: Place,
}

impl Opened {
    /// Does something in its database, past the store.
    async fn execute(&self, sql: &str) {
        match &self.place {
            Place::File(directory) => {
                let file = rusqlite::Connection::open(directory.path().join("issuer.sqlite3")).unwrap();
                file.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
                file.execute_batch(sql).unwrap();
            }
            Place::Database(database) => database.execute(sql).await,
        }
    }
}

enum Place {
    File(tempfile::TempDir),
    Database(Database),
}

impl Place {
    /// A store in this place, as another process would open it.
    async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::File(directory) => Arc::new(SqliteStore::open(&directory.path().join("issuer.sqlite3")).unwrap()),
            Self::Database(database) => Arc::new(database.open().await.unwrap()),
        }
    }

    async fn into_opened(self) -> Opened {
        Opened { store: self.open().await, place: self }
    }
}

async fn in_sqlite() -> Opened {
    Place::File(tempfile::tempdir().unwrap()).into_opened().await
}

async fn in_postgres() -> Opened {
    Place::Database(Postgres::shared().database().await).into_opened().await
}

/// What came of doing something many times at once, half of it by way of another process's connections.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    opened: &Opened,
    times: usize,
    step: impl Fn(Arc<dyn Store>, usize) -> F,
) -> Vec<T> {
    let stores = [Arc::clone(&opened.store), opened.place.open().await];
    let mut steps = JoinSet::new();
    for number in 0..times {
        steps.spawn(step(Arc::clone(&stores[number % stores.len()]), number));
    }
    steps.join_all().await
}

macro_rules! on_both_stores {
    ($($file:ident { $($rule:ident),* $(,)? })*) => {
        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$file::$rule(&super::in_sqlite().await).await;
                }
            )*)*
        }

        mod postgres {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$file::$rule(&super::in_postgres().await).await;
                }
            )*)*
        }
    };
}

on_both_stores! {
    keys {
        keys_are_listed_newest_first_with_their_private_half,
        a_key_is_added_unless_a_younger_one_has_the_same_use,
        of_many_who_miss_a_key_one_adds_it,
    }
    sessions {
        a_session_lasts_until_the_earlier_of_its_limits,
        a_sign_in_ends_the_session_it_replaces_and_no_other,
        a_session_that_begins_twice_is_one_and_lasts_from_the_later,
        of_sign_ins_that_are_one_at_once_one_was_refused,
        use_moves_the_idle_limit_ahead_and_wakes_nothing,
        a_session_is_ended_by_one_of_many,
        a_session_is_ended_by_its_public_name_for_its_person_alone,
        signing_out_of_a_session_ends_it_for_its_person_alone,
        a_session_ends_with_what_was_granted_in_it_but_offline_access,
        what_was_granted_goes_over_to_the_next_session_of_its_person_and_ends_with_it,
        what_was_granted_at_the_moment_in_which_its_session_ended_outlived_it,
        nothing_is_granted_in_a_session_that_is_over_or_somebody_elses,
        a_person_sees_their_own_sessions_newest_first,
        all_sessions_end_for_one_person_or_for_everybody,
        of_what_was_done_to_a_person_at_once_something_was_refused,
    }
    logouts {
        however_a_session_ends_its_clients_hear_and_no_others,
        who_signs_in_again_stays_and_who_signs_in_over_somebody_ends_them,
        who_signed_in_again_was_signed_out_of_an_application_that_redeemed_its_code_after_that,
        time_tells_nobody_and_then_the_end_of_what_was_granted_does,
        as_long_as_a_session_lasts_the_end_of_a_grant_tells_nobody,
        whoever_ends_an_application_has_it_hear,
        a_client_that_comes_after_the_end_hears_in_a_while,
        one_that_did_not_hear_is_tried_again_with_growing_pauses,
        of_many_issuers_one_tells_each_client,
        a_client_that_is_told_of_a_session_while_it_ends_hears,
        who_cannot_be_signed_in_any_more_is_forgotten,
    }
    passwords {
        whoever_has_another_password_is_signed_out_of_what_was_made_with_any_other,
        a_password_that_is_noted_first_or_again_ends_nothing,
        of_many_who_note_a_password_at_once_one_sees_it_change,
    }
    interactions {
        an_interaction_is_for_its_browser_and_its_time,
        an_interaction_that_was_answered_stays_as_long_as_its_first_answer_says,
        an_answer_makes_no_interaction_last_longer,
        where_there_is_no_room_in_a_browser_its_oldest_interaction_goes,
        a_stranger_at_an_address_pushes_out_no_interaction_that_somebody_was_shown,
        of_two_sign_ins_at_once_beside_many_pages_that_were_shown_the_first_was_given_up,
        where_there_are_too_many_interactions_in_all_the_oldest_that_nobody_was_shown_go,
        opening_many_interactions_at_once_is_in_nobodys_way,
        of_many_sign_ins_at_once_all_get_one_salt_and_a_later_one_another,
        consents_add_up_by_person_client_and_api,
        a_consent_given_twice_at_once_is_one,
        a_person_sees_what_they_allowed_and_withdraws_it_from_one_client_alone,
        what_needs_a_consent_is_granted_by_all_of_it_alone,
        what_was_granted_at_the_moment_in_which_its_consent_was_withdrawn_outlived_it,
    }
    codes {
        a_code_brings_back_what_was_stored,
        a_code_is_refused_to_others_and_spent_by_none_of_them,
        a_code_is_over_in_time_and_with_its_grant,
        of_many_uses_at_once_one_has_the_code,
        a_replayed_code_ends_the_family_that_it_began_before_or_after,
    }
    devices {
        a_device_is_found_by_its_user_code_as_it_was_stored,
        a_device_that_polls_too_fast_is_slowed_each_time,
        what_was_allowed_is_handed_out_once_and_to_its_client,
        one_answer_counts_and_the_same_of_the_same_person_again,
        what_was_taken_back_before_the_device_came_is_not_handed_out,
        a_device_that_was_allowed_at_the_moment_of_a_sign_out_everywhere_outlived_it,
        of_many_polls_at_once_one_has_the_grant,
        of_many_answers_at_once_one_counts,
        a_device_that_polls_while_it_is_allowed_is_never_denied,
        where_there_is_no_room_at_an_address_the_oldest_devices_go,
        devices_that_are_over_leave_in_batches_after_a_while,
    }
    refresh {
        a_family_rotates_and_forgives_a_lost_answer_in_time,
        a_late_replay_ends_its_family_and_no_other,
        a_replay_ends_the_family_once_the_successor_was_used,
        a_replay_before_the_time_of_the_use_was_forgiven,
        a_token_that_never_was_ends_its_family,
        a_family_ends_when_idle_and_at_its_absolute_limit,
        a_token_of_another_client_is_refused_and_unharmed,
        a_token_that_does_not_rotate_stays_good,
        a_family_of_a_key_does_nothing_for_who_has_not_shown_it,
        a_family_of_no_key_is_bound_by_the_first_that_is_shown,
        ending_a_grant_ends_its_family,
        grants_end_by_session_and_by_client,
        a_person_sees_their_own_families_the_last_used_first,
    }
    revocations {
        an_access_token_is_listed_by_itself_until_it_has_expired_everywhere,
        however_a_grant_ends_it_is_listed_once,
        a_grant_is_listed_as_long_as_its_last_access_token_lasts,
        a_grant_that_ended_while_the_clock_was_ahead_was_not_listed,
        a_token_that_was_brought_while_its_grant_ended_is_listed_too,
        a_look_reads_what_is_new_and_nothing_twice,
        an_entry_that_lasts_longer_is_new,
        of_what_two_processes_write_a_third_reads_all_and_nothing_twice,
        where_the_database_has_gone_back_all_is_read,
    }
    model {
        a_family_does_what_its_model_does,
    }
    refresh_races {
        of_a_hundred_uses_one_is_accepted_and_all_get_its_successor,
        of_a_hundred_uses_one_is_accepted_where_no_replay_is_forgiven,
        families_of_one_person_rotate_at_once_without_disturbing_each_other,
        nothing_is_accepted_after_an_end_that_was_acknowledged,
    }
    sweep {
        what_is_over_goes_in_small_batches_and_the_rest_stays,
        a_used_code_is_remembered_for_a_while,
        a_grant_stays_as_long_as_something_stands_for_it,
        sweeping_by_several_disturbs_no_use,
    }
    schema {
        a_server_of_its_own_tells_the_time_and_a_file_does_not,
        many_may_open_an_empty_database_at_once,
        what_was_written_is_there_for_the_next_process,
    }
}
