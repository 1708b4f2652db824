/* A small JupyterLab extension without a build: it shows a notebook's cells screen by
   screen, as their `slideshow` metadata says (the recorder writes it). What is shown is
   the notebook itself, so that code runs, sliders move and players play. */
(() => {
  "use strict";

  const SMALLEST = 0.5; // times 18 pixels, the size of text in present.css
  const LARGEST = 2;
  const BESIDE_PICTURE = 1.25; // a picture's words are no larger than this,
  const SMALLEST_PICTURE = 0.5; // and the picture takes at least half the width
  // What takes its own keys: only PageUp, PageDown and Escape act from within.
  const OWN_KEYS =
    ".cm-content, input, textarea, select, button, summary, a, [role='slider']";

  /* The screens of a notebook: the ids of each one's cells, and whether it lies below
     the path (a subslide). A fragment is a screen that repeats the one before. */
  function screens(notebook) {
    const found = [];
    for (const { model } of notebook.widgets) {
      const kind = (model.getMetadata("slideshow") || {}).slide_type || "-";
      const last = found[found.length - 1];
      if (kind === "skip" || kind === "notes") continue;
      if (!last || kind === "slide" || kind === "subslide") {
        found.push({ ids: [model.id], below: kind === "subslide" });
      } else if (kind === "fragment") {
        found.push({ ids: [...last.ids, model.id], below: last.below });
      } else {
        last.ids.push(model.id);
      }
    }
    return found;
  }

  class Presentation {
    constructor(app, panel, ended) {
      this.app = app;
      this.notebook = panel.content;
      this.node = panel.content.node;
      this.ended = ended;
      this.screens = screens(this.notebook);
      this.config = this.notebook.notebookConfig;
      if (this.config.windowingMode !== "contentVisibility") {
        // the cells of a screen must be in the page, wherever they are
        this.notebook.notebookConfig = { ...this.config, windowingMode: "none" };
      }
      this.node.classList.add("present-on");
      this.outer = this.node.querySelector(".jp-WindowedPanel-outer");
      this.viewport = this.node.querySelector(".jp-WindowedPanel-viewport");
      this.bar = this.node.appendChild(this.makeBar());
      this.onKey = event => this.key(event);
      this.onResize = () => this.fit();
      document.addEventListener("keydown", this.onKey, true);
      window.addEventListener("resize", this.onResize);
      this.observer = new ResizeObserver(() => this.fit());
      this.notebook.mode = "command";
      // JupyterLab may make a cell anew
      this.onCells = () =>
        requestAnimationFrame(() => this.ending || this.show(this.index));
      this.model = this.notebook.model;
      this.model.cells.changed.connect(this.onCells);
      const { id } = this.notebook.activeCell.model;
      const at = this.screens.findIndex(screen => screen.ids.includes(id));
      this.show(Math.max(0, at));
    }

    makeBar() {
      const bar = document.createElement("div");
      bar.className = "present-bar";
      const add = (text, title, act) => {
        const button = bar.appendChild(document.createElement("button"));
        button.textContent = text;
        button.title = title;
        button.setAttribute("aria-label", title);
        button.addEventListener("click", () => {
          act();
          this.notebook.node.focus();
        });
      };
      const run = () => this.app.commands.execute("notebook:run-all-cells");
      add("▶▶", "Run all cells", run);
      add("‹", "Previous screen (PageUp)", () => this.move(-1));
      this.count = bar.appendChild(document.createElement("span"));
      add("›", "Next screen (PageDown)", () => this.move(1));
      add("⤓", "The code behind it (arrow down)", () => this.dive());
      add("F", "Full screen (F)", () => this.fullscreen());
      add("✕", "End (Escape)", () => this.end());
      return bar;
    }

    show(index) {
      this.index = index;
      const { below } = this.screens[index];
      const cells = this.cells();
      const path = this.screens.filter(screen => !screen.below);
      const place = this.screens.slice(0, index + 1).filter(one => !one.below).length;
      this.count.textContent = `${place}${below ? " ⤓" : ""} / ${path.length}`;
      this.observer.disconnect();
      for (const cell of this.notebook.widgets) {
        const now = cells.includes(cell);
        cell.node.classList.toggle("present-now", now);
        if (now) this.observer.observe(cell.node);
      }
      const code = cells.find(cell => cell.model.type === "code") || cells[0];
      this.notebook.activeCellIndex = this.notebook.widgets.indexOf(code);
      this.node.focus();
      this.fit();
    }

    /* The cells of the screen. */
    cells() {
      const { ids } = this.screens[this.index];
      return this.notebook.widgets.filter(cell => ids.includes(cell.model.id));
    }

    /* The largest type with which the screen's cells fit; where there are pictures, the
       largest pictures. */
    fit() {
      const room = this.node.clientHeight - 60;
      const cells = this.cells().map(cell => cell.node);
      const parts = selector =>
        cells.flatMap(cell => [...cell.querySelectorAll(selector)]);
      const picture = parts(".jp-OutputArea-output img").length > 0;
      const set = (name, value) => this.viewport.style.setProperty(name, value);
      const height = () => {
        const boxes = cells.map(cell => cell.getBoundingClientRect());
        const first = Math.min(...boxes.map(box => box.top));
        return Math.max(...boxes.map(box => box.bottom)) - first;
      };
      const fits = () =>
        height() <= room &&
        parts(".cm-scroller, .jp-RenderedHTMLCommon").every(
          part => part.scrollWidth <= part.clientWidth + 1
        );
      const largest = (name, low, high) => {
        set(name, high);
        if (fits()) return high;
        while (high - low > 0.01) {
          const middle = (low + high) / 2;
          set(name, middle);
          if (fits()) low = middle;
          else high = middle;
        }
        set(name, low);
        return low;
      };
      this.viewport.style.marginTop = "0";
      let zoom = picture ? BESIDE_PICTURE : LARGEST;
      set("--present-zoom", zoom);
      const share = picture ? largest("--present-picture", SMALLEST_PICTURE, 1) : 1;
      if (share === SMALLEST_PICTURE || !picture) {
        zoom = largest("--present-zoom", SMALLEST, zoom);
      }
      const free = Math.max(0, room - height());
      this.viewport.style.marginTop = `${(16 + Math.min(free / 2, 100)) / zoom}px`;
      this.outer.scrollTop = 0;
    }

    /* On or back along the path; what lies below it is left out. */
    move(step) {
      let index = this.index + step;
      while (this.screens[index] && this.screens[index].below) index += step;
      if (this.screens[index]) this.show(index);
    }

    /* Down to the code of the moment, or further down. */
    dive() {
      const next = this.screens[this.index + 1];
      if (next && next.below) this.show(this.index + 1);
    }

    climb() {
      if (this.screens[this.index].below) this.show(this.index - 1);
    }

    /* Open or close what folds on this screen, as the answer to a question. */
    answer() {
      for (const fold of this.node.querySelectorAll(".present-now details")) {
        fold.open = !fold.open;
      }
    }

    fullscreen() {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen();
    }

    key(event) {
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      const own = event.target.closest && event.target.closest(OWN_KEYS);
      const anywhere = {
        PageDown: () => this.move(1),
        PageUp: () => this.move(-1),
      };
      const outside = {
        ArrowRight: () => this.move(1),
        ArrowLeft: () => this.move(-1),
        ArrowDown: () => this.dive(),
        ArrowUp: () => this.climb(),
        " ": () => this.move(1),
        Home: () => this.show(0),
        f: () => this.fullscreen(),
        a: () => this.answer(),
        Escape: () => this.end(),
      };
      let act = plain && !event.shiftKey && anywhere[event.key];
      if (plain && !event.shiftKey && !own) act = act || outside[event.key];
      if (event.shiftKey && event.key === "Enter") {
        // not "run and select the next": that one may not be on the screen
        act = () => this.app.commands.execute("notebook:run-cell");
      }
      // a letter alone would be a command to the notebook: none deletes a cell here
      const letter = plain && !own && event.key.length === 1;
      if (act || letter) {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (act) act();
      }
    }

    end() {
      document.removeEventListener("keydown", this.onKey, true);
      window.removeEventListener("resize", this.onResize);
      this.observer.disconnect();
      this.model.cells.changed.disconnect(this.onCells);
      this.ending = true;
      this.bar.remove();
      this.viewport.style.removeProperty("--present-zoom");
      this.viewport.style.removeProperty("--present-picture");
      this.viewport.style.removeProperty("margin-top");
      this.node.classList.remove("present-on");
      for (const cell of this.notebook.widgets) {
        cell.node.classList.remove("present-now");
      }
      if (document.fullscreenElement) document.exitFullscreen();
      this.notebook.notebookConfig = this.config;
      this.ended();
    }
  }

  /* The kernel's own words about its language (its version, too) go into a notebook's
     metadata when it starts: that alone does not make a notebook "modified". */
  function stayClean(model) {
    let justNow = false;
    model.stateChanged.connect((_, change) => {
      if (change.name === "dirty" && change.newValue) {
        justNow = true;
        setTimeout(() => (justNow = false), 0);
      }
    });
    model.metadataChanged.connect((_, change) => {
      if (change.key === "language_info") {
        Promise.resolve().then(() => {
          if (justNow) model.dirty = false;
        });
      }
    });
  }

  async function makePlugin(shared) {
    const { INotebookTracker } = await shared("@jupyterlab/notebook");
    const { ICommandPalette, ToolbarButton } = await shared("@jupyterlab/apputils");
    const { PageConfig } = await shared("@jupyterlab/coreutils");

    function activate(app, tracker, palette) {
      let running = null;
      const sheet = document.head.appendChild(document.createElement("link"));
      sheet.rel = "stylesheet";
      const folder = PageConfig.getOption("fullLabextensionsUrl");
      sheet.href = `${folder}/course-present/static/present.css`;

      const start = panel => {
        if (running) running.end();
        if (!screens(panel.content).length) return;
        running = new Presentation(app, panel, () => (running = null));
        panel.disposed.connect(() => running && running.end());
      };
      const command = "course-present:start";
      app.commands.addCommand(command, {
        label: "Present the Lecture Path",
        isEnabled: () => tracker.currentWidget !== null,
        execute: () => start(tracker.currentWidget),
      });
      if (palette) palette.addItem({ command, category: "Notebook Operations" });

      app.docRegistry.addWidgetExtension("Notebook", {
        createNew: panel => {
          stayClean(panel.content.model);
          const button = new ToolbarButton({
            label: "Present",
            tooltip: "Present the lecture path, screen by screen",
            onClick: () => start(panel),
          });
          panel.toolbar.insertItem(9, "present", button);
          return button;
        },
      });

      // A player keeps its keys to itself; who clicked on it with the mouse goes on
      // with the notebook's, such as Ctrl+S.
      document.addEventListener("click", event => {
        const player = event.detail && event.target.closest(".animation");
        if (player && tracker.currentWidget) tracker.currentWidget.content.node.focus();
      });

      // `make present` opens the notebook in a workspace of such a name
      if (PageConfig.getOption("workspace").startsWith("present-")) {
        const begin = async (_, panel) => {
          if (panel.context.path !== PageConfig.getOption("treePath")) return;
          tracker.widgetAdded.disconnect(begin);
          await app.restored;
          await panel.context.ready;
          app.shell.activateById(panel.id);
          await panel.revealed;
          start(panel);
        };
        tracker.widgetAdded.connect(begin);
      }
    }

    return {
      id: "course-present:plugin",
      autoStart: true,
      requires: [INotebookTracker],
      optional: [ICommandPalette],
      activate,
    };
  }

  let scope = {};
  const shared = async name => (await Object.values(scope[name])[0].get())();
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["course-present"] = {
    init: given => (scope = given),
    get: async () => {
      const plugin = await makePlugin(shared);
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
