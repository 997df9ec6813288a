import Foundation
import Testing

@testable import Pipeline

/// Lines as the official downloads have them.
@Suite struct AnnotationTests {
    private func with(_ files: [String: String], _ body: (String) throws -> Void) throws {
        try withDatasetFolder { folder in
            for (name, text) in files {
                let url = URL(filePath: "\(folder)/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: url)
            }
            try body(folder)
        }
    }

    /// The error that `body` throws, without the folder.
    private func message(_ folder: String, _ body: () throws -> AnnotatedDataset) -> String {
        do {
            _ = try body()
            return "accepted"
        } catch {
            return "\(error)".replacingOccurrences(of: folder + "/", with: "")
        }
    }

    private let ucf = [
        "classInd.txt": "1 ApplyEyeMakeup\r\n2 TaiChi\r\n3 YoYo\r\n",
        "trainlist01.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r\nYoYo/v_YoYo_g09_c02.avi 3\r\n",
        "testlist01.txt": "TaiChi/v_TaiChi_g01_c01.avi\r\n",
    ]

    @Test func readsUCF101() throws {
        try with(ucf) { folder in
            let set = try ActionAnnotations.ucf101(
                lists: ["\(folder)/trainlist01.txt", "\(folder)/testlist01.txt"], labels: "\(folder)/classInd.txt",
                names: AnnotationNames())
            #expect(set.labels == ["Apply Eye Makeup", "Tai Chi", "Yo Yo"])
            #expect(set.lists.map(\.name) == ["trainlist01", "testlist01"])
            #expect(
                set.lists[0].entries == [
                    ClipEntry(name: "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", classes: [0]),
                    ClipEntry(name: "YoYo/v_YoYo_g09_c02.avi", classes: [2]),
                ])
            #expect(set.lists[1].entries == [ClipEntry(name: "TaiChi/v_TaiChi_g01_c01.avi", classes: [1])])
            let flat = try ActionAnnotations.ucf101(
                lists: ["\(folder)/testlist01.txt"], labels: "\(folder)/classInd.txt",
                names: AnnotationNames(layout: .flat, prefix: "test/", suffix: "mp4"))
            #expect(flat.lists[0].entries[0].name == "test/v_TaiChi_g01_c01.mp4")
        }
    }

    @Test(arguments: [
        ("YoYo/a.avi 2", "l.txt: line 1: id 2, but YoYo has 3 in classInd.txt"),
        ("Jump/a.avi", "class \"Jump\" is not in"),
        ("a.avi 1", "expected \"Class/clip.avi\""), ("YoYo/../a.avi 3", "expected \"Class/clip.avi\""),
    ]) func refusesWrongLinesOfUCF101(line: String, expected: String) throws {
        try with(ucf.merging(["l.txt": line]) { $1 }) { folder in
            let text = message(folder) {
                try ActionAnnotations.ucf101(
                    lists: ["\(folder)/l.txt"], labels: "\(folder)/classInd.txt", names: AnnotationNames())
            }
            #expect(text.contains(expected), "\(text)")
        }
    }

    @Test func readsHMDB51() throws {
        let folder = "splits"
        try with([
            "\(folder)/brush_hair_test_split1.txt":
                "April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1 \nb.avi 2 \nc.avi 0 \n",
            "\(folder)/brush_hair_test_split2.txt": "b.avi 1 \n",
            "\(folder)/cartwheel_test_split1.txt": "#20_d.avi 2 \n",
        ]) { root in
            let set = try ActionAnnotations.hmdb51(folder: "\(root)/splits", split: 1, names: AnnotationNames())
            #expect(set.labels == ["brush hair", "cartwheel"])
            #expect(set.lists.map(\.name) == ["split1-train", "split1-test"])
            #expect(
                set.lists[0].entries == [
                    ClipEntry(name: "brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi", classes: [0])
                ])
            #expect(
                set.lists[1].entries == [
                    ClipEntry(name: "brush_hair/b.avi", classes: [0]),
                    ClipEntry(name: "cartwheel/#20_d.avi", classes: [1]),
                ])
            let none = message(root) {
                try ActionAnnotations.hmdb51(folder: "\(root)/splits", split: 3, names: AnnotationNames())
            }
            #expect(
                none == "splits: no file is called CLASS_test_split3.txt" || none.hasSuffix("CLASS_test_split3.txt"))
        }
    }

    private let kinetics = [
        "train.csv": "label,youtube_id,time_start,time_end,split\n"
            + "testifying,---QUuC4vJs,84,94,train\n\"petting animal (not cat)\",-3B32lodo2M,59,69,train\n",
        "val.csv":
            "label,youtube_id,time_start,time_end,split,is_cc\n\"say \"\"hi\"\", wave\",0wR5jVB-WPk,7.0,17.0,val,0\n",
        "test.csv": "youtube_id,time_start,time_end,split\n--7tHDDd3mE,1,11,test\n",
    ]

    @Test func readsKinetics() throws {
        try with(kinetics) { folder in
            let set = try KineticsAnnotations.read(
                lists: ["\(folder)/train.csv", "\(folder)/val.csv"], labels: nil, names: AnnotationNames())
            #expect(set.labels == ["petting animal (not cat)", "say \"hi\", wave", "testifying"])
            #expect(
                set.lists[0].entries == [
                    ClipEntry(name: "---QUuC4vJs_000084_000094.mp4", classes: [2]),
                    ClipEntry(name: "-3B32lodo2M_000059_000069.mp4", classes: [0]),
                ])
            #expect(set.lists[1].entries == [ClipEntry(name: "0wR5jVB-WPk_000007_000017.mp4", classes: [1])])
            let folders = try KineticsAnnotations.read(
                lists: ["\(folder)/train.csv"], labels: nil, names: AnnotationNames(layout: .folders, prefix: "train/"))
            #expect(folders.lists[0].entries[1].name == "train/petting animal (not cat)/-3B32lodo2M_000059_000069.mp4")
            let twice = folder + "/twice.csv"
            try "label,youtube_id,time_start,time_end\na,x,1,2\nb,y,1,2\na,x,1.0,2\n".write(
                toFile: twice, atomically: true, encoding: .utf8)
            let once = try KineticsAnnotations.read(lists: [twice], labels: nil, names: AnnotationNames())
            #expect(once.lists[0].entries.map(\.classes) == [[0], [1]])
        }
    }

    @Test func refusesKineticsThatCannotBeUsed() throws {
        try with(
            kinetics.merging([
                "bad.csv": "label,youtube_id,time_start,time_end\na,b,x,2\n",
                "twins.csv": "label,youtube_id,time_start,time_end\na,x,1,2\nb,y,1,2\na,x,1,2\nb,x,1,2\n",
            ]) { $1 }
        ) { folder in
            func text(_ file: String, _ labels: [String]?) -> String {
                message(folder) {
                    try KineticsAnnotations.read(lists: ["\(folder)/\(file)"], labels: labels, names: AnnotationNames())
                }
            }
            #expect(text("test.csv", nil).hasPrefix("test.csv: line 1: the header lacks columns"))
            #expect(
                text("train.csv", ["testifying"]).contains("line 3: label \"petting animal (not cat)\" is not among"))
            #expect(
                text("twins.csv", nil)
                    == "twins.csv: line 5: x_000001_000002.mp4 stands on line 4 too, with another label")
            #expect(text("bad.csv", nil).contains("line 2: times \"x\" and \"2\""))
        }
    }

    @Test func readsSomethingSomethingOfBothVersions() throws {
        try with([
            "labels.json": "{\"Pushing something so it spins\":\"1\",\"Holding something next to something\":\"0\"}",
            "v2.json": """
            [{"id":"78687","label":"holding potato next to box","template":"Holding [something] next to [something]",
            "placeholders":["potato","box"]}]
            """,
            "labels.csv": "Holding something next to something\nPushing something so it spins\n",
            "v1.csv": "574;Pushing something so it spins\n3;Holding something next to something\n",
            "test.json": "[{\"id\":\"1420\"}]", "odd.csv": "5;Flying\n",
        ]) { folder in
            func read(_ list: String, _ labels: String) throws -> AnnotatedDataset {
                try SomethingAnnotations.read(
                    lists: ["\(folder)/\(list)"], labels: "\(folder)/\(labels)", names: AnnotationNames())
            }
            let labels = ["Holding something next to something", "Pushing something so it spins"]
            let new = try read("v2.json", "labels.json")
            #expect(new.labels == labels && new.lists[0].entries == [ClipEntry(name: "78687.webm", classes: [0])])
            for labelFile in ["labels.csv", "labels.json"] {
                let old = try read("v1.csv", labelFile)
                #expect(old.labels == labels)
                #expect(
                    old.lists[0].entries == [
                        ClipEntry(name: "574.webm", classes: [1]), ClipEntry(name: "3.webm", classes: [0]),
                    ])
            }
            #expect(message(folder) { try read("test.json", "labels.json") }.contains("test lists without templates"))
            #expect(
                message(folder) { try read("odd.csv", "labels.csv") }.contains("line 1: clip 5: template \"Flying\""))
        }
    }
}
