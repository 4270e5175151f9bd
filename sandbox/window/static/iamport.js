/* The stand-in for the payment gateway's JavaScript SDK: IMP.init, IMP.agency, IMP.request_pay.

   It needs script-src, connect-src and frame-src of the origin it comes from and nothing else:
   every style is set through the CSSOM, which a page's policy on inline styles allows. */
(() => {
  "use strict";

  const HOME = new URL(document.currentScript.src).origin;
  const CLOSED = { error_code: "3001", error_msg: "[3001|사용자 취소]" };
  const UNREACHABLE = { error_code: "F400", error_msg: "결제창을 불러오지 못했습니다." };
  const shop = { code: null, tier: null };
  let isOpen = false;

  function init(code) {
    if (shop.code !== null) {
      console.error("IMP.init: 이미 초기화되었습니다.");
      return;
    }
    if (!/^imp\d{8}$/.test(code)) {
      console.error("IMP.init: 가맹점 식별코드가 올바르지 않습니다.");
      return;
    }
    shop.code = code;
  }

  function agency(code, tier) {
    init(code);
    if (shop.code === code) shop.tier = tier;
  }

  async function requestPay(param, callback) {
    const fail = (reason) =>
      deliver({ success: false, imp_uid: null, merchant_uid: param?.merchant_uid ?? null, ...reason }, callback);
    if (shop.code === null) {
      console.error("IMP.request_pay: IMP.init을 먼저 불러야 합니다.");
      return fail({ error_code: "F400", error_msg: "가맹점 식별코드가 올바르지 않습니다." });
    }
    if (isOpen) {
      console.error("IMP.request_pay: 결제창이 이미 열려 있습니다.");
      return fail({ error_code: "F400", error_msg: "결제창이 이미 열려 있습니다." });
    }
    isOpen = true;
    const mobile = isMobile();
    const answer = await ask(`${HOME}/v1/requests`, {
      user_code: shop.code,
      tier: shop.tier,
      mobile,
      params: param,
    });
    const isLaidOver = answer?.window && !mobile;
    const result = isLaidOver ? await layOver(answer.window, param) : answer?.result;
    isOpen = false; // a callback may ask again; a phone's back button finds the page as it was left
    if (!answer) fail(UNREACHABLE);
    else if (answer.window && mobile) location.assign(answer.window);
    else if (answer.redirect && typeof callback !== "function") location.assign(answer.redirect);
    else deliver(result, callback);
  }

  /* Phones, and narrow screens under a finger: there the window takes the whole page. */
  function isMobile() {
    return (
      /Android|iPhone|iPad|iPod|Mobile/i.test(navigator.userAgent) ||
      (navigator.maxTouchPoints > 0 && matchMedia("(pointer: coarse) and (max-width: 760px)").matches)
    );
  }

  /* Show the window over the page until it has ended; resolves with the result. */
  function layOver(address, param) {
    const english = param.language === "en";
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    dialog.setAttribute("aria-label", english ? "Payment window" : "결제창");
    frame.title = english ? "NHN KCP payment window (practice)" : "NHN KCP 결제창 (연습용)";
    Object.assign(dialog.style, {
      position: "fixed", inset: "0", width: "100%", height: "100%", maxWidth: "none",
      maxHeight: "none", margin: "0", padding: "0", border: "0", background: "rgb(0 0 0 / 0.55)",
      display: "flex", alignItems: "center", justifyContent: "center", overflow: "hidden",
    });
    Object.assign(frame.style, {
      width: "min(100%, 520px)", height: "min(100%, 760px)", border: "0", borderRadius: "12px",
      background: "Canvas",
    });
    frame.src = address;
    dialog.append(frame);
    document.body.append(dialog);
    dialog.showModal(); // the frame has the focus now, and Tab stays in it

    return new Promise((resolve) => {
      let isDone = false;

      function finish(result) {
        if (isDone) return;
        isDone = true;
        removeEventListener("message", hear);
        dialog.style.display = "none";
        dialog.close();
        dialog.remove();
        resolve(result);
      }

      function hear(event) {
        const mine = event.origin === HOME && event.source === frame.contentWindow;
        if (mine && event.data?.window === address.split("/").pop()) finish(event.data.result);
      }

      /* Escape outside the frame; inside it the window's own page hears it. */
      async function leave(event) {
        event.preventDefault();
        if (isDone) return;
        const answer = await ask(`${address}/close`);
        finish(answer?.result ?? { success: false, imp_uid: null, merchant_uid: param.merchant_uid, ...CLOSED });
      }

      addEventListener("message", hear);
      dialog.addEventListener("cancel", leave);
      dialog.addEventListener("close", leave);
    });
  }

  /* What the gateway answers, or null when it does not. */
  async function ask(address, body) {
    const json = { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      const reply = await fetch(address, {
        method: "POST",
        credentials: "omit",
        ...(body && json),
      });
      return (await reply.json()).response;
    } catch {
      return null;
    }
  }

  function deliver(result, callback) {
    if (typeof callback === "function") callback(result);
  }

  window.IMP = { init, agency, request_pay: requestPay };
})();
