use super::{Diary, ask, only};
use crate::UserId;

fn comes_back<U: UserId + PartialEq + std::fmt::Debug>(user: U, name: &str) {
    assert_eq!(user.to_name(), name);
    assert_eq!(U::from_name(name), Some(user));
}

#[test]
fn a_user_is_the_value_of_its_name() {
    comes_back(0_u64, "0");
    comes_back(u128::MAX, "340282366920938463463374607431768211455");
    comes_back(i8::MIN, "-128");
    comes_back(String::from("ada"), "ada");
    comes_back(throng_core::Name::from("ada"), "ada");
    #[cfg(feature = "json")]
    comes_back(crate::JsonId((7_u8, "seven".to_owned())), r#"[7,"seven"]"#);
}

#[test]
fn a_name_that_no_value_has_is_nobodys() {
    for name in ["", "x", "+7", "007", "256", "-0", " 7"] {
        assert_eq!(u8::from_name(name), None, "{name}");
        assert_eq!(i8::from_name(name).filter(|_| name != "7"), None, "{name}");
    }
    #[cfg(feature = "json")]
    for name in ["[7, 8]", "[7]", "", "{"] {
        assert_eq!(crate::JsonId::<(u8, u8)>::from_name(name), None, "{name}");
    }
}

#[test]
fn a_hub_is_spoken_to_in_values() {
    let mut world = Diary::default().world();
    let peer = ask(&mut world, "/");
    let client = only(&world);
    let users = world.hub.users::<u32>();
    users.set(client.id(), Some(&42)).unwrap();
    assert_eq!((client.user_as::<u32>(), client.user().as_deref()), (Some(42), Some("42")));
    assert_eq!(users.clients_of(&42), [client.id()]);
    assert_eq!(users.send_to(&42, "hello").unwrap().queued, 1);
    assert!(users.send_to(&43, "hello").is_err());
    users.set(client.id(), None).unwrap();
    assert_eq!(client.user_as::<u32>(), None);
    world.run();
    assert_eq!(peer.answer().1, ["hello"]);
}
