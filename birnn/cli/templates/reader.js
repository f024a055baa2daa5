"use strict";

function bytes(base64) {
  const text = atob(base64);
  const array = new Uint8Array(text.length); // faster than Uint8Array.from for millions of bytes
  for (let index = 0; index < text.length; index++) array[index] = text.charCodeAt(index);
  return array.buffer;
}

// The encoding and the models, as birnn/cli/reader_page.py writes them.
const model = JSON.parse(document.getElementById("model").textContent, (_, value) =>
  value?.array ? new globalThis[value.array](bytes(value.base64)) : value,
);
const wordIds = new Map(model.words.map((word, rank) => [word, rank + model.firstWord]));
const wordPattern = new RegExp(model.word, "gu");
const maxlen = model.maxlen ?? Infinity;

for (const each of model.models.filter(({ name }) => name === "baseline")) {
  const pairs = each.ngrams.split("\n").map((ngram, index) => [ngram, each.weights[index]]);
  each.weights = new Map(pairs);
}

/** Return a word as the vocabulary contains it. */
function normalize(word) {
  const characters = model.unicode ? word.normalize("NFC").toLowerCase() : word;
  return Array.from(characters, (character) => model.replace[character] ?? character).join("");
}

/** Split a text into words, and return them and their ids with the start, truncated but not padded. */
function encode(text) {
  const words = [...text.matchAll(wordPattern)].filter((match) => match[1]);
  const lower = words.map(([word]) => normalize(word));
  const all = [model.ids.start, ...lower.map((word) => wordIds.get(word) ?? model.ids.unknown)];
  const dropped = model.truncating === "pre" ? Math.max(0, all.length - maxlen) : 0;
  // The id of word w is at the position w + 1 - dropped.
  return { words, lower, dropped, ids: all.slice(dropped, dropped + maxlen) };
}

function pad(ids) {
  const padding = Array(model.maxlen - ids.length).fill(model.ids.padding);
  return model.padding === "pre" ? [...padding, ...ids] : [...ids, ...padding];
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// Each cell replaces the state, given the input's and the state's part of the gates, with the gates
// in Keras's order. An LSTM has a second state.
const CELLS = {
  lstm(input, recurrent, state, memory) {
    const units = state.length;
    const gate = (index) => input[index] + recurrent[index];
    for (let unit = 0; unit < units; unit++) {
      const candidate = sigmoid(gate(unit)) * Math.tanh(gate(2 * units + unit));
      memory[unit] = sigmoid(gate(units + unit)) * memory[unit] + candidate;
      state[unit] = sigmoid(gate(3 * units + unit)) * Math.tanh(memory[unit]);
    }
  },
  gru(input, recurrent, state) {
    const units = state.length;
    for (let unit = 0; unit < units; unit++) {
      const [reset, last] = [units + unit, 2 * units + unit];
      const update = sigmoid(input[unit] + recurrent[unit]);
      const kept = sigmoid(input[reset] + recurrent[reset]) * recurrent[last];
      state[unit] = update * state[unit] + (1 - update) * Math.tanh(input[last] + kept);
    }
  },
};

/** Add the product of a vector and a matrix, which is stored row by row, to `sums`. */
function addProduct(vector, matrix, sums) {
  for (let row = 0, start = 0; row < vector.length; row++, start += sums.length) {
    const factor = vector[row];
    for (let column = 0; column < sums.length; column++) {
      sums[column] += factor * matrix[start + column];
    }
  }
}

/** Return the vector of a word; those of frequent words are stored with more digits. */
function wordVector({ common, rare, scales }, id) {
  const size = (common.length + rare.length) / scales.length;
  const start = id * size;
  const isCommon = start < common.length;
  const [codes, first] = isCommon ? [common, start] : [rare, start - common.length];
  return Float32Array.from(codes.subarray(first, first + size), (code) => code * scales[id]);
}

/** Return the input's part of the gates for a word, which is computed once. */
function gateInput(network, direction, id) {
  direction.inputs ??= new Map();
  if (!direction.inputs.has(id)) {
    const sums = direction.inputBias.slice();
    addProduct(wordVector(network, id), direction.kernel, sums);
    direction.inputs.set(id, sums);
  }
  return direction.inputs.get(id);
}

/** Return the outputs of one direction for ids in the order in which it reads them. */
function run(network, direction, ids) {
  const [state, memory, sums] = [0, 0, 0].map(() => new Float32Array(network.units));
  const maxima = new Float32Array(network.units).fill(-Infinity);
  for (const id of ids) {
    const recurrent = direction.stateBias.slice();
    addProduct(state, direction.recurrent, recurrent);
    CELLS[network.cell](gateInput(network, direction, id), recurrent, state, memory);
    state.forEach((value, unit) => {
      sums[unit] += value;
      maxima[unit] = Math.max(maxima[unit], value);
    });
  }
  return network.pooled ? [...maxima, ...sums.map((sum) => sum / ids.length)] : [...state];
}

/** Return the places, as [first word, words], of each n-gram that the baseline knows. */
function findNgrams(baseline, lower) {
  const places = new Map();
  for (let words = 1; words <= baseline.longest; words++) {
    for (let first = 0; first + words <= lower.length; first++) {
      const ngram = lower.slice(first, first + words).join(" ");
      if (!baseline.weights.has(ngram)) continue;
      if (!places.has(ngram)) places.set(ngram, []);
      places.get(ngram).push([first, words]);
    }
  }
  return places;
}

/** Return a model's log-odds of the positive class, before scaling, for what `encode` returns. */
function logOdds(each, { lower, ids }) {
  if (each.name !== "baseline") return networkLogOdds(each, ids);
  const ngrams = [...findNgrams(each, lower).keys()];
  return ngrams.reduce((sum, ngram) => sum + each.weights.get(ngram), each.intercept);
}

/** Yield the index of each word and the log-odds that it adds: its shares of its n-grams' weights. */
function* shareWeights(baseline, { lower }) {
  const shares = lower.map(() => 0);
  for (const [ngram, places] of findNgrams(baseline, lower)) {
    for (const [first, words] of places) {
      const share = baseline.weights.get(ngram) / places.length / words;
      for (let word = first; word < first + words; word++) shares[word] += share;
    }
  }
  yield* shares.entries();
}

/** Return a network's log-odds for ids from `encode`. */
function networkLogOdds(network, ids) {
  const padded = network.pooled ? ids : pad(ids);
  const [forward, backward] = network.directions;
  const reversed = [...padded].reverse();
  const outputs = [...run(network, forward, padded), ...run(network, backward, reversed)];
  return outputs.reduce((sum, value, index) => sum + value * network.output[index], network.outputBias);
}

/**
 * Yield the index of each word that a network reads, and the log-odds that it adds.
 *
 * Each word is hidden in turn: padding's vector replaces its own (Zeiler and Fergus, "Visualizing
 * and Understanding Convolutional Networks", 2014, section 4.2, who hide parts of images).
 */
function* occlude(network, { words, dropped, ids }, full) {
  for (let word = Math.max(0, dropped - 1); word + 1 - dropped < ids.length; word++) {
    const hidden = [...ids];
    hidden[word + 1 - dropped] = model.ids.padding;
    yield [word, full - networkLogOdds(network, hidden)];
  }
}

const find = (selector) => document.querySelector(selector);
const STYLES = ["negative", "positive"]; // of the words that push toward each class
const verdict = (odds) => model.classes[Number(odds > model.boundary)];
const describe = (odds) =>
  `${verdict(odds)}, probability of ${model.classes[1]} ${(100 * sigmoid(odds)).toFixed(1)}%`;
let submissions = 0;

function element(name, text = "", className = "") {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

/** Show a text, with each word in an element that can be colored, and return these elements. */
function showText(paragraph, text, { words, dropped, ids }) {
  const spans = [];
  let end = 0;
  words.forEach((match, word) => {
    const position = word + 1 - dropped;
    const unread = position < 0 || position >= ids.length;
    spans.push(element("span", match[0], unread ? "unread" : ""));
    paragraph.append(text.slice(end, match.index), spans.at(-1));
    end = match.index + match[0].length;
  });
  paragraph.append(text.slice(end));
  return spans;
}

/** Color the words of a text by their effects, and list the strongest. */
function showEffects(section, spans, effects) {
  const strongest = [...effects].sort((one, other) => Math.abs(other[1]) - Math.abs(one[1]));
  const largest = Math.abs(strongest[0][1]) || 1;
  for (const [word, effect] of effects) {
    const strength = effect / largest;
    spans[word].title = `${effect > 0 ? "+" : ""}${effect.toFixed(2)}`;
    spans[word].style.setProperty("--share", `${Math.abs(strength) * 55}%`);
    if (Math.abs(strength) >= model.weak) spans[word].className = STYLES[Number(effect > 0)];
  }
  for (const label of [1, 0]) {
    const words = strongest.map(([word]) => spans[word]).filter((span) => span.className === STYLES[label]);
    const texts = [...new Set(words.map((span) => span.textContent))].slice(0, model.listed);
    section.append(element("p", `Toward ${model.classes[label]}: ${texts.join(", ") || "no word"}`));
  }
}

/** Classify a text and show the result; a later submission stops the work on this one. */
async function classify(text) {
  const submission = ++submissions;
  const encoded = encode(text);
  const [summary, models] = [find("#summary"), find("#models")];
  models.replaceChildren();
  find("#key").hidden = true;
  if (!encoded.ids.some((id) => id >= model.firstWord)) {
    summary.textContent = encoded.words.length
      ? "Nothing to go on: no known words."
      : "Nothing to go on: type a review first.";
    return;
  }
  const odds = model.models.map((each) => logOdds(each, encoded));
  const mean = odds.reduce((sum, each) => sum + each) / odds.length;
  const combined = odds.length > 1 ? " (networks combined)" : "";
  summary.textContent = describe(mean / model.temperature) + combined;
  find("#key").hidden = false;
  const shown = model.models.map((each, index) => {
    const section = element("section");
    const heading = `${each.title}: ${describe(odds[index] / each.temperature)}`;
    const paragraph = element("p", "", "text");
    paragraph.dir = "auto";
    section.append(element("h2", heading), paragraph);
    models.append(section);
    return { section, spans: showText(paragraph, text, encoded) };
  });
  find("#key .unread").hidden = !find("#models .unread");
  let drawn = performance.now();
  for (const [index, each] of model.models.entries()) {
    const effects = [];
    const found =
      each.name === "baseline" ? shareWeights(each, encoded) : occlude(each, encoded, odds[index]);
    for (const [word, effect] of found) {
      effects.push([word, effect / each.temperature]);
      if (performance.now() - drawn > 30) {
        await new Promise((resolve) => setTimeout(resolve)); // lets the browser draw and react
        if (submission !== submissions) return;
        drawn = performance.now();
      }
    }
    showEffects(shown[index].section, shown[index].spans, effects);
  }
  models.dataset.done = submission;
}

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  classify(find("#text").value);
});
find("button").disabled = false;
