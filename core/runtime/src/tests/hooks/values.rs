use super::{ask, only};
use crate::tests::host::World;
use crate::{Hub, SendError};
use std::collections::BTreeMap;

#[test]
fn values_by_key_are_there_from_the_first_moment_on() {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            connecting.set_value("seen", 3).unwrap();
            connecting.insert("by type");
            assert_eq!(connecting.value::<u32>("seen"), Some(3));
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                assert_eq!(session.value::<u32>("seen"), Some(3));
                session.set_value("tags", ["a", "b"]).unwrap();
                Ok(())
            })
        });
    let mut world = World::new(builder);
    ask(&mut world, "/");
    let client = only(&world);
    assert_eq!(client.value::<u32>("seen"), Some(3));
    assert_eq!(client.value::<Vec<String>>("tags"), Some(vec!["a".into(), "b".into()]));
    assert_eq!(client.value::<String>("seen"), None, "it is none of this type");
    assert_eq!(client.value::<u32>("other"), None);
    client.set_value("seen", 4).unwrap();
    assert_eq!(client.values().keys().collect::<Vec<_>>(), ["seen", "tags"]);
    assert_eq!(client.remove_value("seen"), Some(4.into()));
    assert_eq!(client.remove_value("tags").map(|tags| tags.is_array()), Some(true));
    assert!(client.values().is_empty() && client.remove_value("seen").is_none());
    assert_eq!(client.get::<&str>(), Some("by type"));
}

#[test]
fn what_has_no_json_form_is_not_kept() {
    let mut world = World::new(Hub::builder());
    ask(&mut world, "/");
    let client = only(&world);
    let no_text = BTreeMap::from([(vec![1], 2)]);
    assert_eq!(client.set_value("odd", no_text), Err(SendError::NotJson));
    assert!(client.values().is_empty());
}
