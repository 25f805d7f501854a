//! Schedules: their times, and what may be deleted.

use serde_json::{Value, json};

use crate::support::{ACME, GLOBEX, Reply, World};

fn schedule(times: Value) -> Value {
    let mut schedule = json!({ "name": "Nights" });
    schedule.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
    json!({ "schedule": schedule })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_lives_from_creation_to_deletion() {
    let world = World::start().await;
    let user = world.user();
    let times = json!({ "first_time": "2150-01-31 02:30:00", "timezone": "Europe/Athens", "period_unit": "month" });
    let created = user.post("/v2/schedules", schedule(times)).await.ok(201);
    let path = created.header("location").unwrap().to_owned();
    let shown = user.get(&path).await.ok(200);
    let fields = |reply: &Reply, names: [&str; 3]| names.map(|name| reply.attributes()[name].clone());
    assert_eq!(
        fields(&shown, ["first_time", "period", "organization_id"]),
        [json!("2150-01-31T00:30:00.000Z"), json!(1), json!(ACME)]
    );
    assert_eq!(shown.attributes()["next_time"], shown.attributes()["first_time"]);
    let update = json!({ "schedule": { "period": 3, "period_unit": "week", "first_time": "2020-01-06T00:00:00Z" } });
    let updated = user.put(&path, update).await.ok(200);
    assert_eq!(
        fields(&updated, ["first_time", "period", "period_unit"]),
        [json!("2020-01-06T00:00:00.000Z"), json!(3), json!("week")]
    );
    assert_ne!(updated.attributes()["next_time"], updated.attributes()["first_time"]);
    let once = user.put(&path, json!({ "schedule": { "period_unit": "once" } })).await.ok(200);
    assert_eq!(fields(&once, ["next_time", "period", "period_unit"]), [Value::Null, json!(0), json!("once")]);
    user.put(&path, json!({ "schedule": { "period_unit": "day" } })).await.invalid(&["schedule.period"]);
    user.delete(&path).await.ok(200);
    user.get(&path).await.error(404, "not_found");
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_are_none_are_refused() {
    let world = World::start().await;
    let user = world.user();
    let good = json!({ "first_time": "2150-01-31 02:30:00", "timezone": "UTC" });
    let with = |name: &str, value: Value| {
        let mut times = good.clone();
        times[name] = value;
        schedule(times)
    };
    for (name, value) in [
        ("first_time", json!("2150-02-30 02:30:00")),
        ("first_time", json!("1999-12-31T00:00:00Z")),
        ("first_time", json!("tomorrow")),
        // Past, and once.
        ("first_time", json!("2020-01-01 00:00:00")),
        ("first_time", json!(5)),
        ("timezone", json!("Mars/Base")),
        ("period", json!(1001)),
        ("period", json!(-1)),
        ("period_unit", json!("year")),
        ("organization_id", json!(GLOBEX)),
    ] {
        user.post("/v2/schedules", with(name, value)).await.invalid(&[&format!("schedule.{name}")]);
    }
    // Clocks that are turned forward skip it, so that its first time and the next ones would differ.
    let mut skipped = json!({ "first_time": "2027-03-28 03:30:00", "timezone": "Europe/Athens", "period_unit": "day" });
    user.post("/v2/schedules", schedule(skipped.clone())).await.invalid(&["schedule.first_time"]);
    skipped["period_unit"] = json!("once");
    let once = user.post("/v2/schedules", schedule(skipped)).await.ok(201);
    assert_eq!(once.attributes()["first_time"], "2027-03-28T01:30:00.000Z");
    let never = json!({ "first_time": "2150-01-31 02:30:00", "timezone": "UTC", "period": 0, "period_unit": "day" });
    user.post("/v2/schedules", schedule(never)).await.invalid(&["schedule.period"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_calculated_without_being_stored() {
    let world = World::start().await;
    let user = world.user();
    let times = json!({ "first_time": "2150-01-31 02:30:00", "timezone": "europe/athens", "period_unit": "month" });
    let body = json!({ "schedule": times, "count": 4 });
    let dates = user.post("/v2/schedules/calculate_next_dates", body).await.ok(200);
    let local: Vec<&str> =
        dates["next_dates"].as_array().unwrap().iter().map(|it| it["local_time"].as_str().unwrap()).collect();
    assert_eq!(
        local,
        [
            "2150-01-31T02:30:00+02:00",
            "2150-02-28T02:30:00+02:00",
            "2150-03-31T02:30:00+03:00",
            "2150-04-30T02:30:00+03:00"
        ]
    );
    let past = json!({ "schedule": { "first_time": "2020-01-01T00:00:00Z", "timezone": "UTC", "period_unit": "day" } });
    let first = user.post("/v2/schedules/calculate_first_time", past).await.ok(200);
    assert!(first["first_time"]["time"].as_str().unwrap() > "2026");
    let over = json!({ "schedule": { "first_time": "2020-01-01T00:00:00Z", "timezone": "UTC" } });
    user.post("/v2/schedules/calculate_first_time", over.clone()).await.invalid(&["schedule.first_time"]);
    let none = user.post("/v2/schedules/calculate_next_dates", over).await.ok(200);
    assert_eq!(none["next_dates"], json!([]));
    let count = user.get("/v2/schedules").await.ok(200).ids().len();
    assert_eq!(count, 4, "the sample schedules alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_deleted_and_strangers_are_not() {
    let world = World::start().await;
    let (user, other) = (world.user(), world.other());
    // Without the last one, which a scan has.
    let ids = &user.get("/v2/schedules").await.ok(200).ids()[..3];
    let delete = async |caller: &crate::support::Client, ids: Value| {
        caller.send("DELETE", "/v2/schedules", Some(json!({ "ids": ids }))).await
    };
    delete(&other, json!(ids)).await.invalid(&["ids[0]", "ids[1]", "ids[2]"]);
    delete(&user, json!([ids[0], "0192f0c1-0000-7000-8000-00000000ffff"])).await.invalid(&["ids[1]"]);
    delete(&user, json!([ids[0], ids[0]])).await.invalid(&["ids[1]"]);
    for bad in [json!([]), json!(vec![&ids[0]; 51]), json!("x")] {
        delete(&user, bad).await.invalid(&["ids"]);
    }
    assert_eq!(user.get("/v2/schedules").await.ok(200).ids().len(), 4);
    let deleted = delete(&user, json!(ids)).await.ok(200);
    assert_eq!((&deleted["deleted"], &deleted["refused"]), (&json!(ids), &json!([])));
    assert_eq!(user.get("/v2/schedules").await.ok(200).ids().len(), 1);
    world.agrees().await;
}
