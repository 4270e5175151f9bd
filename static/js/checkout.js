// Opens the payment window with what staff composed. What comes of it is looked up by the server.
const { code, parameters } = JSON.parse(document.getElementById("window").textContent);
const button = document.getElementById("pay");

const backFrom = (rsp) => {
  const address = new URL(button.dataset.back, location.href);
  if (rsp?.imp_uid) address.searchParams.set("imp_uid", rsp.imp_uid);
  location.assign(address);
};

if (window.IMP) {
  window.IMP.init(code);
  button.disabled = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    window.IMP.request_pay(parameters, backFrom);
  });
  // A phone's back button shows the page as it was left.
  addEventListener("pageshow", () => {
    button.disabled = false;
  });
} else {
  document.getElementById("problem").hidden = false;
}
