/** Jest asks packages for their `require` side; a package that has only an `import` side is asked for that instead. */
module.exports = (request, options) => {
  try {
    return options.defaultResolver(request, options);
  } catch (error) {
    const conditions = options.conditions ?? [];
    if (/^[./#]/.test(request) || conditions.includes('import')) throw error;
    try {
      return options.defaultResolver(request, { ...options, conditions: [...conditions, 'import'] });
    } catch {
      throw error;
    }
  }
};
