// On a narrow screen the list of pages begins closed.
if (matchMedia('(max-width: 52rem)').matches) document.getElementById('pages').open = false;
