// The app's Home tab of one person.

import { el } from "./dom.js";
import { blocks } from "./blocks.js";
import { directory } from "./directory.js";
import { t } from "./language.js";
import { replaceKeepingFocus } from "./redraw.js";
import { Surface } from "./surface.js";

export class Home {
  constructor(refresh) {
    this.node = el("div", { class: "home", role: "region", "aria-label": t("Home"), tabindex: "-1" });
    this.inner = el("div", { class: "home-inner" });
    this.node.append(this.inner);
    this.refresh = refresh;
    this.forget();
  }

  /** Another person, another Home: nothing typed is carried over. */
  forget() {
    this.surface = new Surface({
      kind: "home",
      where: { surface: "home" },
      after: () => this.refresh(),
      settled: () => {
        this.drawn = null;
      },
    });
    this.drawn = null;
  }

  show(view) {
    const now = JSON.stringify([view?.id, view?.blocks]);
    if (now === this.drawn) return;
    this.drawn = now;
    this.surface.state = view?.state?.values ?? {};
    this.surface.inputs.clear();
    const app = directory.app.name;
    const nothing = el("p", { class: "empty" }, t("{app} has published nothing on this Home yet.", { app }));
    replaceKeepingFocus(this.inner, view?.blocks?.length ? blocks(view.blocks, this.surface) : [nothing]);
  }
}
