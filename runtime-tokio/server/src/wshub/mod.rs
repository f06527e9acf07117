//! WS-HUB mode: the program takes the place of WS-HUB between browsers and a back end that speaks Redis.
//!
//! | channel | direction | payload |
//! | --- | --- | --- |
//! | `<prefix>client-new` | hub to back end | the key of a client that has come |
//! | `<prefix>client-data:<key>` | hub to back end | a message of a client, as it is |
//! | `<prefix>client-gone` | hub to back end | `{"key":…,"code":…,"reason":…}` of a client that has ended |
//! | `<prefix>groups-new:<key>` | back end to hub | groups for the client, separated by commas |
//! | `<prefix>group-data:<group>` | back end to hub | a message for each member of the group |
//!
//! A client's key is its user in the hub, and a group is a room: the hub has all that is known of both.
//!
//! | file | what |
//! | --- | --- |
//! | `key` | the key in the query |
//! | `clients` | what clients do |
//! | `groups` | what the back end says |
//! | `pending` | groups for clients that are not there yet |
//! | `gateway` | what the parts share |
//! | `queue` | what waits to be published |
//! | `address`, `link` | how Redis is reached, and whether it is; the connections to it |
//! | `pages` | what `/status`, `/clients`, `/groups`, `/sessions` say |

mod address;
pub(crate) mod clients;
mod gateway;
mod groups;
pub(crate) mod key;
mod link;
pub(crate) mod pages;
mod pending;
mod queue;
#[cfg(test)]
mod tests;

pub(crate) use gateway::Gateway;
pub(crate) use link::run;
