//! Which teen is meant.

use crate::client::{
    ClientError,
    api::Api,
    bodies::{Page, Teen},
};

/// Every teen of this guardian.
pub(super) async fn all(api: &Api) -> Result<Vec<Teen>, ClientError> {
    Ok(api.get::<Page<Teen>>("/v1/guardian/teens").await?.body.items)
}

/// The teen of this name or id; the only one, if nobody was named.
pub(super) async fn pick(api: &Api, named: Option<&str>) -> Result<Teen, ClientError> {
    let teens = all(api).await?;
    choose(teens, named).map_err(ClientError::Told)
}

fn choose(teens: Vec<Teen>, named: Option<&str>) -> Result<Teen, String> {
    let is_meant = |teen: &Teen| {
        named.is_none_or(|name| teen.display_name.eq_ignore_ascii_case(name) || teen.teen_id.to_string() == name)
    };
    let names: Vec<String> = teens.iter().map(|teen| teen.display_name.clone()).collect();
    let mut meant = teens.into_iter().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some(teen), None) => Ok(teen),
        (None, _) if names.is_empty() => {
            Err("You are not paired with anyone yet. First: family-pairing guardian pair --code …".to_owned())
        }
        (None, _) => {
            Err(format!("You are not paired with anyone of this name. You are paired with {}.", names.join(", ")))
        }
        (Some(_), Some(_)) => Err(format!("Please say who: {}. If two have one name, use the id.", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teens(names: &[&str]) -> Vec<Teen> {
        let teen = |(n, name): (usize, &&str)| serde_json::json!({"teen_id": format!("00000000-0000-0000-0000-00000000000{n}"), "display_name": name});
        names.iter().enumerate().map(|one| serde_json::from_value(teen(one)).unwrap()).collect()
    }

    #[test]
    fn the_right_one_or_a_question() {
        assert_eq!(choose(teens(&["Mia"]), None).unwrap().display_name, "Mia");
        assert_eq!(choose(teens(&["Mia", "Noah"]), Some("noah")).unwrap().display_name, "Noah");
        assert!(choose(teens(&["Mia", "Noah"]), None).unwrap_err().contains("Mia, Noah"));
        assert!(choose(teens(&[]), None).unwrap_err().contains("not paired"));
        assert!(choose(teens(&["Mia", "Mia"]), Some("Mia")).is_err());
        let by_id = choose(teens(&["Mia", "Mia"]), Some("00000000-0000-0000-0000-000000000001"));
        assert!(by_id.is_ok());
    }
}
