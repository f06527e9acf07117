//! What a host is tested by. Each suite is a list of functions that take a host; here they become tests.
//!
//! - `cases`: RFC 6455, case by case. Also for servers that are not ours.
//! - `wire`: what can be seen from outside of a host that runs anywhere, with the fixed application.
//! - `hub`: what an application and its hub see. For hosts in this process.
//! - `compression`: RFC 7692, case by case, on a host that has it. Also for servers that are not ours.
//! - `deflating`: the same with clients in other languages, and what the hub has to do with it. For hosts in this process.
//! - `heads`: requests, for a host in this process that reads them itself, without an HTTP server in front.
//! - `heads_by_http`: what of that holds where an HTTP server reads them.
//! - `clients`: what `wire` looks at, with clients in other languages.
//! - `ends`: how such clients come to their end, on a host in this process.
//! - `stopped`: a process that is stopped and goes on, of a host that this binary can serve in another process;
//!   `stopped_apart` for one that is an example.

/// The module of a host: `host! { [attributes of its tests] name [suites] path }`.
macro_rules! host {
    ($attributes:tt $name:ident [$($suite:ident)*] $host:path) => {
        mod $name {
            const HOST: crate::hosts::Host = $host;
            $(crate::suites::$suite! { $attributes })*
        }
    };
}

macro_rules! cases {
    ([$(#[$attribute:meta])*]) => {
        #[test]
        $(#[$attribute])*
        fn every_case_is_answered_as_it_must_be() {
            crate::report::conforms(&HOST);
        }

        #[test]
        $(#[$attribute])*
        fn every_request_is_answered_as_it_must_be() {
            crate::handshake::shakes_hands(&HOST);
        }
    };
}

macro_rules! wire {
    ($attributes:tt) => {
        crate::suites::tests! { $attributes wire;
            closing:
                a_close_frame_without_a_code_is_answered_in_kind,
                a_peer_that_closes_is_answered_with_its_code_and_the_transport_ends,
                a_peer_that_is_closed_hears_why_and_the_transport_ends;
            crowd:
                a_crowd_comes_and_talks_and_goes,
                a_crowd_of_which_half_vanishes_leaves_the_rest_to_talk;
            damage:
                a_peer_that_breaks_the_protocol_is_told_so_and_nobody_else_notices,
                the_close_frame_arrives_although_the_peer_goes_on_sending;
            deflated_ends:
                a_peer_that_reads_slowly_hears_its_answers_too_after_it_has_ended_its_sending,
                all_that_comes_in_one_packet_with_the_request_is_answered,
                all_that_is_said_before_it_is_gone_is_heard_by_others_although_it_reads_nothing,
                half_a_message_before_the_end_is_forgotten_and_a_ping_is_answered,
                what_is_said_before_a_close_frame_is_answered_before_it_is,
                whatever_way_a_peer_ends_its_sending_it_hears_its_answers_and_a_close_frame;
            echo:
                a_message_in_fragments_comes_back_whole_with_pings_between_them,
                each_of_many_hears_its_own_words,
                many_messages_at_once_come_back_in_order,
                messages_of_all_sizes_come_back_as_they_were;
            ends:
                a_close_frame_with_the_end_right_behind_it_is_answered,
                a_peer_that_only_ends_its_sending_hears_its_answers_and_a_close_frame,
                a_peer_that_reads_slowly_hears_its_answers_too_after_it_has_ended_its_sending,
                all_that_comes_in_one_packet_with_the_request_is_answered,
                all_that_is_said_before_it_is_gone_is_heard_by_others_although_it_reads_nothing,
                half_a_message_before_the_end_is_forgotten_and_a_ping_is_answered,
                what_is_said_before_a_close_frame_is_answered_before_it_is;
            pings:
                each_ping_gets_its_own_pong_in_order,
                of_too_many_pings_at_once_the_latest_is_answered_last;
            refusals:
                a_client_that_is_refused_hears_the_status,
                a_head_that_comes_byte_by_byte_is_taken,
                a_request_that_is_wrong_is_told_why_in_the_words_of_the_core;
            rooms:
                a_message_reaches_its_room_and_no_other,
                each_hears_all_once_and_each_speaker_in_order,
                the_room_goes_on_without_who_closes_or_vanishes,
                who_does_not_read_holds_up_nobody;
        }
    };
}

macro_rules! hub {
    ($attributes:tt) => {
        crate::suites::tests! { $attributes hub;
            asks:
                a_peer_that_is_asked_replies_by_the_id_and_what_matches_no_question_is_told,
                on_another_connection_a_question_is_asked_again_or_fails;
            batching:
                a_write_that_is_delayed_takes_along_what_comes_later,
                frames_of_several_messages_are_whole_through_a_slow_reader,
                texts_that_wait_together_share_a_frame_and_each_is_counted;
            budget:
                whoever_holds_parts_of_large_frames_keeps_no_message_from_others,
                whoever_takes_less_than_its_rate_is_ended_and_a_slow_reader_is_not;
            closes:
                so_do_those_who_are_idle_or_wait_for_the_application_or_are_shut_down,
                whoever_the_hub_closes_hears_the_code_of_the_applications_choosing;
            closing:
                a_client_that_closes_is_answered_and_both_sides_know_why,
                a_client_that_is_closed_hears_code_and_reason,
                a_close_frame_without_a_code_is_told_to_the_application,
                a_hook_that_sends_and_closes_is_heard_in_this_order,
                a_peer_that_does_not_answer_the_close_frame_is_cut_off,
                a_reason_is_cut_where_a_character_ends,
                the_end_of_a_client_tells_what_it_sent_and_what_it_was_sent,
                what_is_queued_is_written_before_the_close_frame;
            config:
                a_shorter_message_limit_holds_for_the_next_message;
            crowd:
                each_of_many_gets_each_message_once_and_in_order_whoever_stops_reading;
            draining:
                a_deadline_that_passes_says_how_many_remain_and_the_drain_goes_on,
                a_drain_closes_everybody_spread_over_the_time_given,
                a_second_drain_joins_the_first_and_a_third_comes_too_late,
                a_shutdown_closes_everybody_at_once,
                a_shutdown_does_not_wait_for_peers_that_do_not_answer,
                clients_that_are_idle_go_first,
                while_draining_newcomers_are_sent_away_and_those_there_are_served;
            ends:
                a_peer_that_stops_sending_before_it_is_known_hears_a_close_frame,
                all_that_a_peer_said_is_handled_and_its_end_is_what_it_said_although_it_reads_nothing,
                an_application_that_is_a_stream_answers_before_the_close_frame,
                what_hooks_answer_that_wait_for_a_while_comes_before_the_close_frame,
                what_is_answered_comes_before_the_close_frame_however_it_is_written,
                what_is_queued_is_written_to_a_peer_that_only_ends_its_sending;
            events:
                a_crowd_that_comes_and_talks_and_dies_is_told_in_one_order,
                a_stream_that_is_dropped_shuts_the_hub_down,
                an_evicted_client_ends_before_the_connection_that_caused_it,
                messages_that_are_dropped_are_counted_where_they_would_have_been,
                newcomers_wait_for_an_application_that_lags,
                the_stream_ends_when_a_drain_has_ended_everybody,
                who_finds_no_room_is_closed_if_that_is_the_policy,
                who_sends_more_than_the_application_takes_is_not_read_and_loses_nothing;
            expiry:
                a_client_that_renews_stays_and_one_that_does_not_hears_the_code_of_its_application,
                an_away_client_whose_authorisation_ends_cannot_be_continued;
            floods:
                a_flood_is_a_violation,
                a_flood_is_dropped_with_notice,
                a_flood_is_read_no_faster_than_it_may_come,
                a_paused_flood_stays_in_the_peers_own_buffers,
                bytes_have_a_rate_too,
                the_rate_of_a_user_is_that_of_all_its_clients_and_survives_them;
            frames:
                a_flood_of_control_frames_is_a_violation,
                a_message_at_the_limit_is_taken_whole_and_in_fragments,
                a_peer_that_breaks_the_protocol_is_told_so_and_nobody_else_notices,
                a_peer_that_never_stops_sending_is_cut_off,
                the_close_frame_arrives_although_the_peer_goes_on_sending;
            health:
                a_hub_that_drains_is_alive_and_not_ready,
                an_upgrade_to_something_else_is_ignored_where_health_is_asked_for,
                health_is_answered_whatever_admission_says,
                health_is_served_on_the_same_port;
            histories:
                a_client_that_is_away_gets_what_was_published_once,
                a_message_with_a_key_is_published_once_and_is_in_the_history,
                a_peer_that_asks_for_a_billion_messages_gets_none_and_hears_why,
                a_peer_that_comes_and_goes_gets_each_message_once_and_in_order,
                a_peer_that_missed_too_much_hears_it_and_gets_what_comes,
                a_position_may_come_after_the_upgrade,
                a_position_of_another_process_is_never_taken_for_one_of_this,
                positions_that_are_forged_foreign_or_of_the_future_are_answered_and_change_nothing,
                what_is_no_position_is_refused_before_the_upgrade;
            hooks:
                a_handler_that_never_returns_stalls_its_own_client_only,
                a_handler_that_panics_closes_its_own_client_only,
                a_request_that_the_application_refuses_is_answered,
                a_shutdown_does_not_wait_for_a_hook,
                hooks_run_one_after_another_in_order,
                what_panics_in_hooks_print_is_limited,
                what_is_kept_with_a_client_is_there_in_each_hook;
            participants:
                a_message_that_fails_is_told_and_its_participant_stays,
                a_participant_that_does_not_return_leaves_once,
                a_participant_that_returns_in_time_has_missed_nothing_and_has_not_left,
                a_room_that_is_closed_ends_its_participants_those_that_are_away_too,
                of_two_connections_of_a_participant_the_newer_wins_or_is_refused,
                participants_enter_talk_in_envelopes_and_leave,
                the_resolver_answers_the_request_and_join_closes_with_its_code,
                whoever_cannot_be_reached_is_a_typed_error,
                whoever_leaves_while_it_joins_or_enters_a_room_that_is_being_closed_is_told_as_it_is;
            presence:
                a_client_that_is_away_and_returns_is_present_all_the_time,
                above_the_cap_watchers_hear_only_how_many_there_are,
                information_over_its_limit_closes_the_client_and_changes_nothing,
                watchers_are_told_who_joins_and_who_leaves;
            pressure:
                a_broadcast_within_a_time_names_whom_it_does_not_reach_and_holds_up_nobody,
                a_burst_larger_than_an_outbox_is_lost_for_nobody_who_reads,
                a_frame_is_whole_however_the_system_takes_it,
                a_receipt_comes_when_a_slow_reader_has_made_room_or_is_gone,
                a_slow_reader_is_closed_with_1013_if_that_is_the_policy,
                an_echo_that_waits_loses_nothing,
                messages_are_written_no_faster_than_their_rate,
                large_messages_come_back_whole_through_a_slow_reader,
                the_latest_messages_are_kept_if_that_is_the_policy,
                who_sends_with_receipts_is_told_which_messages_were_dropped,
                whoever_waits_for_room_is_released_when_the_client_goes,
                whoever_waits_for_room_is_served_when_the_client_reads;
            refusals:
                a_head_is_answered_without_a_body,
                a_request_without_a_common_subprotocol_is_refused_if_the_hub_says_so,
                a_subprotocol_is_chosen_by_the_server,
                a_storm_of_connects_from_one_address_is_answered_429_with_when_to_come_again,
                a_user_with_too_many_clients_is_answered_429,
                a_user_with_too_many_clients_loses_the_oldest,
                names_that_are_too_long_are_answered_400,
                the_same_origin_or_none_may_connect_unless_the_hub_says_otherwise,
                too_many_connections_are_answered_503_with_when_to_come_again,
                too_many_connections_of_one_address_are_answered_429;
            replay:
                a_log_that_is_taken_in_parts_replays_as_one,
                the_last_of_a_run_over_real_sockets_replays_from_a_flight_recorder,
                what_was_recorded_over_real_sockets_replays_in_the_bare_core;
            rooms:
                a_room_that_is_closed_disconnects_its_members_if_it_is_told_so,
                a_room_that_is_closed_lets_its_members_go,
                who_may_not_publish_to_a_room_is_heard_by_nobody;
            sessions:
                a_drain_ends_the_clients_that_are_away,
                a_newer_connection_takes_over_and_the_older_one_hears_why,
                a_peer_that_closes_with_1000_has_left_and_one_that_reloads_has_not,
                a_peer_that_returns_in_time_hears_what_it_missed_in_order,
                a_session_is_refused_to_others_and_to_a_second_connection_if_the_hub_says_so,
                names_that_are_empty_too_long_or_reserved_are_refused_and_change_nothing,
                so_is_it_after_the_upgrade,
                whoever_does_not_return_has_left_once;
            silence:
                a_peer_that_stops_reading_is_ended_by_the_write_deadline_and_costs_nobody_anything,
                clients_whose_process_is_killed_are_gone_at_once,
                peers_that_vanish_without_a_word_are_gone_by_the_pong_deadline,
                whoever_answers_its_pings_stays_and_so_does_whoever_is_busy_sending;
            targets:
                a_message_goes_to_those_whom_the_application_chooses,
                a_thousand_messages_arrive_once_and_in_order,
                users_and_exceptions_are_targets,
                what_does_not_exist_is_said,
                who_joins_and_leaves_by_the_hub_hears_its_rooms;
            users:
                a_user_has_as_many_clients_as_the_application_says,
                the_last_hooks_know_whose_client_it_was,
                who_is_evicted_hears_the_code_that_the_application_chose;
        }
    };
}

macro_rules! compression {
    ([$(#[$attribute:meta])*]) => {
        mod compressing {
            #[test]
            $(#[$attribute])*
            fn every_case_is_answered_as_it_must_be() {
                crate::report::compresses(&super::HOST);
            }
        }
    };
}

macro_rules! deflating {
    ($attributes:tt) => {
        mod deflating {
            #[test]
            #[ignore = "needs the Python package websockets (tests/run installs it)"]
            fn python_talks_in_every_way() {
                crate::clients::talks_compressed(&super::HOST, "talk.py");
            }

            #[test]
            #[ignore = "needs Node and its package ws (tests/run installs them)"]
            fn node_talks_in_every_way() {
                crate::clients::talks_compressed(&super::HOST, "talk.mjs");
            }
        }
        crate::suites::tests! { $attributes compression;
            variants:
                a_broadcast_to_a_thousand_is_deflated_once,
                a_slow_reader_of_deflated_frames_gets_each_whole,
                each_gets_the_variant_that_it_asked_for;
        }
    };
}

macro_rules! heads {
    ($attributes:tt) => {
        crate::suites::tests! { $attributes heads;
            damage:
                a_head_that_is_too_long_is_refused_before_its_end,
                a_head_that_never_reaches_the_application_is_counted_and_nobody_else_notices,
                a_websocket_is_not_served_where_health_is,
                a_request_that_is_wrong_is_refused_and_nobody_else_notices,
                the_refusal_arrives_although_the_peer_goes_on_sending,
                what_opens_no_websocket_is_told_so;
            deadlines:
                a_handshake_that_began_before_a_drain_is_sent_away,
                a_hundred_handshakes_that_dawdle_are_ended_by_the_deadline,
                a_peer_that_leaves_while_it_is_asked_about_gives_its_place_back,
                a_request_that_the_application_never_answers_ends_by_the_deadline_or_a_shutdown,
                a_shutdown_does_not_wait_for_a_request,
                refused_connections_are_answered_whoever_they_are,
                silent_sockets_do_not_make_the_server_look_dead,
                too_many_open_handshakes_are_answered_503;
        }
    };
}

macro_rules! heads_by_http {
    ($attributes:tt) => {
        crate::suites::tests! { $attributes heads;
            damage:
                a_head_that_is_too_long_is_refused_before_its_end,
                a_head_that_never_reaches_the_application_is_counted_and_nobody_else_notices,
                a_websocket_is_not_served_where_health_is,
                a_request_that_is_wrong_is_refused_and_nobody_else_notices,
                the_refusal_arrives_although_the_peer_goes_on_sending,
                what_opens_no_websocket_is_told_so;
            deadlines:
                a_handshake_that_began_before_a_drain_is_sent_away,
                a_hundred_handshakes_that_dawdle_are_ended_by_the_deadline,
                a_request_that_the_application_never_answers_ends_by_the_deadline_or_a_shutdown,
                a_shutdown_does_not_wait_for_a_request,
                refused_connections_are_answered_whoever_they_are,
                silent_sockets_do_not_make_the_server_look_dead,
                too_many_open_handshakes_are_answered_503;
        }
    };
}

macro_rules! clients {
    ($attributes:tt) => {
        mod clients {
            #[test]
            #[ignore = "needs the Python package websockets (tests/run installs it)"]
            fn python_talks_in_every_way() {
                crate::clients::talks(&super::HOST, "talk.py");
            }

            #[test]
            #[ignore = "needs Node and its package ws (tests/run installs them)"]
            fn node_talks_in_every_way() {
                crate::clients::talks(&super::HOST, "talk.mjs");
            }
        }
    };
}

macro_rules! ends {
    ($attributes:tt) => {
        mod ends {
            #[test]
            #[ignore = "needs the Python package websockets (tests/run installs it)"]
            fn python_hears_why_it_is_closed() {
                crate::clients::hears_why_it_is_closed(&super::HOST, "closed.py");
            }

            #[test]
            #[ignore = "needs Node and its package ws (tests/run installs them)"]
            fn node_hears_why_it_is_closed() {
                crate::clients::hears_why_it_is_closed(&super::HOST, "closed.mjs");
            }

            #[test]
            #[ignore = "needs the Python package websockets (tests/run installs it)"]
            fn python_is_gone_when_it_is_killed() {
                crate::clients::is_gone_when_it_is_killed(&super::HOST, "hold.py");
            }
        }
    };
}

macro_rules! stopped {
    ($attributes:tt) => {
        mod stopped {
            #[test]
            fn nobody_is_lost_to_a_process_that_is_stopped() {
                crate::behaviours::stopped::nobody_is_lost_to_a_process_that_is_stopped(module_path!());
            }

            #[test]
            #[ignore = "serves the test beside it, in another process"]
            fn serves() {
                crate::behaviours::stopped::serve(&super::HOST);
            }
        }
    };
}

macro_rules! stopped_apart {
    ($attributes:tt) => {
        mod stopped {
            #[test]
            fn nobody_is_lost_to_a_process_that_is_stopped() {
                crate::behaviours::stopped::nobody_is_lost_to_a_chat_that_is_stopped();
            }

            #[test]
            fn a_dead_peer_is_found_by_a_process_that_was_stopped() {
                crate::behaviours::stopped::a_dead_peer_is_found_by_a_chat_that_was_stopped();
            }
        }
    };
}

/// `tests! { [attributes] suite; file: test, test; file: test; }`
macro_rules! tests {
    ($attributes:tt $suite:ident; $($file:ident: $($name:ident),+;)+) => {
        mod $suite {$(
            mod $file {$(
                crate::suites::test! { $attributes $suite $file $name }
            )+}
        )+}
    };
}

macro_rules! test {
    ([$(#[$attribute:meta])*] $suite:ident $file:ident $name:ident) => {
        #[test]
        $(#[$attribute])*
        fn $name() {
            crate::behaviours::$suite::$file::$name(&super::super::HOST);
        }
    };
}

pub(crate) use {
    cases, clients, compression, deflating, ends, heads, heads_by_http, host, hub, stopped, stopped_apart,
    test, tests, wire,
};
