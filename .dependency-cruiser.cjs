// The walls between rooms of the web front, as import-linter holds them in Python.
module.exports = {
  forbidden: [
    {
      name: "the-kit-knows-no-app",
      comment: "web/kit is for every app, strangers' too: it imports none of ours.",
      severity: "error",
      from: { path: "^web/kit/" },
      to: { path: "^src/synfonium/apps/" },
    },
    {
      name: "apps-never-import-one-another",
      comment: "Apps meet by the six verbs over objects and grants, never by an import.",
      severity: "error",
      from: { path: "^src/synfonium/apps/([^/]+)/web/" },
      to: { path: "^src/synfonium/apps/([^/]+)/", pathNot: "^src/synfonium/apps/$1/" },
    },
    {
      name: "no-cycles",
      comment: "Modules of a cycle cannot be understood or tested alone.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "nothing-unresolvable",
      comment: "An import must lead to a file or to a package of package.json.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-development-packages-in-pages",
      comment: "What a page loads is in dependencies, not in devDependencies.",
      severity: "error",
      from: { path: "^(web|src)/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".css"] },
  },
};
