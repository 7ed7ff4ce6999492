//! The conformance suite: every backend keeps the store's promises alike.
//!
//! Each test is a function of a [`Ground`] and runs once on SQLite and once on
//! PostgreSQL. Several handles on one ground stand for several processes.

mod accounts;
mod bounces;
mod encryption;
mod erasure;
mod ground;
mod imports;
mod ledger;
mod merge;
mod people;
mod postgres;
mod questions;
mod sharing;
mod tokens;
mod whole;

use ground::Ground;

/// Runs each function on every backend.
macro_rules! conformance {
    ($($room:ident :: $name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$room::$name(&super::Ground::sqlite()).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$room::$name(&super::Ground::postgres()).await;
            })+
        }
    };
}

conformance! {
    accounts::an_account_is_there_once_and_changes_as_it_was_read,
    accounts::a_session_ends_by_itself_or_with_its_account,
    accounts::acts_are_told_the_newest_first,
    tokens::a_token_is_known_by_its_hash_and_ended_by_its_name,
    tokens::tokens_end_with_their_account,
    people::a_contact_is_added_once_and_changes_as_it_was_read,
    people::two_who_edit_at_once_do_not_cross,
    people::contacts_are_found_by_words_and_lists,
    people::common_words_are_found_too,
    people::a_copy_finds_what_the_original_found,
    people::an_older_store_learns_to_find_its_contacts,
    people::the_latest_deliveries_come_first,
    people::bars_are_found_and_lifted_as_they_were_read,
    imports::contacts_are_changed_all_or_none,
    imports::an_import_is_undone_whole,
    imports::contacts_are_found_as_they_are_after_every_change_of_many,
    imports::what_was_changed_since_is_not_undone,
    imports::old_imports_are_kept_by_name_alone,
    merge::nobody_gets_it_twice_for_having_had_two_addresses,
    merge::what_is_about_the_person_bars_both_addresses,
    merge::a_bar_in_other_capitals_holds_for_both_addresses,
    merge::a_merge_of_what_has_changed_does_nothing,
    merge::who_is_a_contact_again_went_into_nobody,
    merge::two_people_are_told_apart_until_somebody_knows_better,
    bounces::a_report_moves_its_delivery_once,
    bounces::a_report_finds_its_delivery_by_the_address,
    bounces::failures_of_different_deliveries_count,
    bounces::reports_are_found_and_turned_over,
    bounces::the_key_of_return_paths_is_made_once,
    erasure::nothing_of_a_person_is_left,
    erasure::everything_that_is_held_is_shown,
    erasure::what_is_forgotten_stays_barred,
    erasure::nobody_else_is_touched,
    erasure::a_line_of_the_log_stays_and_is_told,
    erasure::a_conversation_under_way_is_not_forgotten,
    erasure::a_copy_remembers_who_was_forgotten,
    erasure::the_files_themselves_hold_nothing,
    erasure::what_is_too_old_goes_and_the_log_says_so,
    encryption::a_claim_knows_how_its_mail_is_protected,
    encryption::what_was_begun_stands_while_its_protection_does,
    encryption::what_is_withheld_is_over_and_nobody_has_it,
    questions::contacts_are_known_by_their_address,
    questions::the_weightiest_bar_of_an_address_stands,
    questions::what_is_put_on_record_comes_back_in_order,
    questions::deliveries_are_counted,
    questions::what_waits_is_told,
    questions::what_was_begun_under_an_embargo_hangs_on_the_clock,
    questions::who_has_a_release_is_told,
    questions::text_comes_back_as_it_was,
    questions::the_log_is_searched,
    ledger::a_plan_is_all_or_nothing,
    ledger::a_contact_is_in_a_distribution_once,
    ledger::a_long_plan_keeps_its_log_in_order,
    ledger::the_longest_due_is_claimed_first,
    ledger::nothing_is_claimed_that_may_not_leave,
    ledger::a_retry_counts_its_attempts_and_its_age,
    ledger::what_is_not_begun_waits_or_ends,
    ledger::an_outcome_under_a_lost_lease_writes_nothing,
    ledger::a_lapsed_lease_leaves_doubt_once,
    ledger::a_lease_that_is_renewed_lives,
    ledger::a_revision_takes_deliveries_from_their_worker,
    ledger::a_revision_of_what_has_changed_does_nothing,
    ledger::a_decision_is_made_once,
    ledger::whether_it_still_stands_is_asked_of_everything,
    sharing::two_processes_never_claim_the_same,
    sharing::a_claim_and_a_hold_do_not_cross,
    sharing::two_reapers_reap_once,
    sharing::a_worker_and_its_reaper_do_not_cross,
    sharing::the_chain_stays_whole_whoever_writes,
    sharing::places_in_a_queue_are_given_once,
    sharing::the_bell_is_heard_by_another_process,
    sharing::one_process_leads_and_another_follows_it,
    sharing::two_processes_open_a_new_store,
    whole::a_copy_is_the_same_and_goes_on,
    whole::a_copy_refuses_what_would_be_lost,
    whole::a_failed_copy_leaves_nothing,
}
