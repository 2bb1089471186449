//! How often what happened between tabs.

use std::ops::AddAssign;

use super::super::tally::tally;

tally! {
    steps tabs sign_ins renewals_by_iframe renewals_by_refresh_token failures adoptions asked_the_person kills freezes
    reloads sign_outs sign_outs_while_renewing ambushes stale_reads lost_saves blocked_iframes duplicates dropped_answers last_resorts
    waits_for_all idle_ends clocks_set throttles popups signed_in_anew silent_sign_ins account_changes lost_ledgers own_refresh_tokens
    replaced_refresh_tokens held_stores unanswered
}
