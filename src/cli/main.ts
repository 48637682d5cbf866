console.log("husk");
