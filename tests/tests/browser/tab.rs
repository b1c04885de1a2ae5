//! One tab, with the hands of a person on keyboard, mouse and screen.

use anyhow::{Context as _, Error, Result, anyhow};
use chromiumoxide::types::MethodId;
use chromiumoxide::{Command, Method, Page};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use system_tests::wait::within;
use tokio::time::interval;

/// The limit for what a browser shows within a second on an idle machine.
pub(crate) const SHOWN: Duration = Duration::from_secs(30);

/// Any command of the browser's protocol; the types of the library leave out what is empty.
#[derive(Debug)]
struct Call(&'static str, Value);

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.1.serialize(serializer)
    }
}

impl Method for Call {
    fn identifier(&self) -> MethodId {
        self.0.into()
    }
}

impl Command for Call {
    type Response = Value;
}

pub(crate) struct Tab {
    pub(crate) page: Page,
}

impl Tab {
    pub(crate) const fn new(page: Page) -> Self {
        Self { page }
    }

    pub(crate) async fn call(&self, method: &'static str, parameters: Value) -> Result<Value> {
        let answer = self.page.execute(Call(method, parameters)).await.with_context(|| method.to_owned())?;
        Ok(answer.result)
    }

    pub(crate) async fn go(&self, url: &str) -> Result<()> {
        self.call("Page.navigate", json!({ "url": url })).await?;
        self.until("document.readyState === 'complete'").await
    }

    /// The value of an expression, awaited if it is a promise.
    pub(crate) async fn js(&self, expression: &str) -> Result<Value> {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let answer = self.call("Runtime.evaluate", parameters).await?;
        if let Some(exception) = answer.get("exceptionDetails") {
            return Err(anyhow!("{expression}: {exception}"));
        }
        Ok(answer.pointer("/result/value").cloned().unwrap_or_default())
    }

    /// Waits until an expression is true.
    pub(crate) async fn until(&self, expression: &str) -> Result<()> {
        let waited = within(expression, SHOWN, async {
            let mut ticks = interval(Duration::from_millis(20));
            loop {
                ticks.tick().await;
                // A page that is just being loaded has no answer.
                if self.js(&format!("Boolean({expression})")).await.is_ok_and(|value| value == true) {
                    return Ok(());
                }
            }
        });
        match waited.await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explained(error).await),
        }
    }

    /// An error together with what the page shows.
    pub(crate) async fn explained(&self, error: Error) -> Error {
        let text = self.js("`${location.href}\n${document.body.innerText}`");
        let shown = within("the page to answer", SHOWN, text).await;
        error.context(format!("the page shows {shown:#?}"))
    }

    /// Waits until an element's text contains this.
    pub(crate) async fn shows(&self, selector: &str, text: &str) -> Result<()> {
        self.until(&format!("document.querySelector('{selector}')?.textContent.includes('{text}')")).await
    }

    pub(crate) async fn key(&self, kind: &str, code: &str) -> Result<()> {
        let (key, number) = match code {
            "Space" => (" ".to_owned(), 32),
            "Enter" => ("Enter".to_owned(), 13),
            "Tab" => ("Tab".to_owned(), 9),
            code => {
                let letter = code.trim_start_matches("Key");
                (letter.to_lowercase(), letter.bytes().next().map_or(0, i64::from))
            }
        };
        let parameters = json!({"type": kind, "code": code, "key": key, "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number});
        self.call("Input.dispatchKeyEvent", parameters).await.map(drop)
    }

    pub(crate) async fn press(&self, code: &str) -> Result<()> {
        self.key("rawKeyDown", code).await
    }

    pub(crate) async fn release(&self, code: &str) -> Result<()> {
        self.key("keyUp", code).await
    }

    /// The middle of an element that is scrolled into view.
    pub(crate) async fn place(&self, selector: &str) -> Result<(f64, f64)> {
        let expression = format!(
            "(() => {{ const e = document.querySelector('{selector}'); e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        );
        let value = self.js(&expression).await?;
        let part = |index: usize| value.get(index).and_then(Value::as_f64).context("no place");
        Ok((part(0)?, part(1)?))
    }

    pub(crate) async fn mouse(&self, kind: &str, (x, y): (f64, f64)) -> Result<()> {
        let buttons = i64::from(kind != "mouseReleased");
        let parameters =
            json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1});
        self.call("Input.dispatchMouseEvent", parameters).await.map(drop)
    }

    pub(crate) async fn touch(&self, kind: &str, points: &[(f64, f64)]) -> Result<()> {
        let points: Vec<Value> = points.iter().map(|(x, y)| json!({"x": x, "y": y})).collect();
        self.call("Input.dispatchTouchEvent", json!({"type": kind, "touchPoints": points})).await.map(drop)
    }

    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        self.until(&format!("document.querySelector('{selector}')?.disabled === false")).await?;
        let place = self.place(selector).await?;
        self.mouse("mousePressed", place).await?;
        self.mouse("mouseReleased", place).await
    }

    /// Sets window and theme.
    pub(crate) async fn dress(&self, width: u32, height: u32, theme: &str) -> Result<()> {
        let phone = width < 600;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.call("Emulation.setDeviceMetricsOverride", metrics).await?;
        let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone })).await.map(drop)
    }

    pub(crate) async fn picture(&self, file: &Path) -> Result<()> {
        let parameters = chromiumoxide::page::ScreenshotParams::builder().build();
        std::fs::write(file, self.page.screenshot(parameters).await?)?;
        Ok(())
    }
}
