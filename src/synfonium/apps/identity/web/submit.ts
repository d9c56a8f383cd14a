// A form that only carries an answer on: without script, people press its button.
const form = document.querySelector<HTMLFormElement>("form[data-submit]");
form?.submit();
